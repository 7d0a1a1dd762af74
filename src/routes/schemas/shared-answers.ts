import type { Role } from '../../domain/role.ts'
import { type Answer, problem } from './operation.ts'

/** What a route asks of a request, as far as it can be refused for it. */
export interface Asked {
  readonly role: Role | undefined
  /** It validates something. */
  readonly hasInput: boolean
  readonly hasParams: boolean
  /** Requests of its method can bring a body, be it one that belongs nowhere. */
  readonly mayHaveBody: boolean
}

/** The answers that a route can give because of what it asks, whatever it does. */
export function sharedAnswers({ role, hasInput, hasParams, mayHaveBody }: Asked): Record<number, Answer> {
  return {
    ...(hasInput && { 400: BAD_LIMIT }),
    ...(role !== undefined && { 401: NO_TOKEN }),
    ...(role !== undefined && role !== 'viewer' && { 403: forbidden(role) }),
    ...(hasParams && { 414: TOO_LONG }),
    ...(mayHaveBody && { 413: TOO_LARGE, 415: NOT_JSON }),
    ...((role !== undefined || mayHaveBody) && { 500: OUR_FAULT }),
    ...(role !== undefined && { 503: NO_DATABASE }),
  }
}

/** How bad input is answered: what is wrong at one place of the path, the query or the body. */
export function badInput(part: 'path' | 'querystring' | 'body', pointer: string, message: string): Answer {
  return problem(400, 'invalid_input', `The ${part} is not valid.`, { errors: [{ pointer, message }] })
}

/** Most routes are lists; the others say by an answer of their own what can be wrong. */
const BAD_LIMIT = badInput('querystring', '/limit', 'must be <= 100')
export const BAD_DECISION_ID = badInput('path', '/id', 'must be well-formed. The id of a decision, in digits.')

const NO_TOKEN = problem(401, 'unauthorized', 'This needs a valid token: send it as "Authorization: Bearer <token>".', {
  headers: { 'WWW-Authenticate': '`Bearer`' },
})

const TOO_LARGE = problem(413, 'body_too_large', 'Request body is too large')
const TOO_LONG = problem(414, 'uri_too_long', 'A part of the address is too long.')
export const SEND_JSON =
  'Send JSON, with the header "Content-Type: application/json". Leave that header out where there is no body.'
const NOT_JSON = problem(415, 'not_json', SEND_JSON)
export const SEE_LOG = 'Something went wrong here. The log of the service says what.'
const OUR_FAULT = problem(500, 'internal_server_error', SEE_LOG)

/** Why a request that the database has not answered is answered 503. */
export const DATABASE_AWAY =
  'The database is away, or takes too long. Of a change nobody knows whether it was made: look before you send it again.'
const NO_DATABASE = problem(503, 'database_away', DATABASE_AWAY, {
  headers: { 'Retry-After': 'Seconds until another try is worth it.' },
})

/** Any token is a viewer's at least, so this is for the other two roles. */
function forbidden(role: Role): Answer {
  return problem(403, 'forbidden', `This needs a token with the role ${role}; yours has the role viewer.`)
}

/** Why a decision cannot be made again. */
export function erasedDetail(id: string): string {
  return `The customer's data was erased from decision ${id}: there is nothing left to decide by.`
}
