import { STATUS_CODES } from 'node:http'
import type { FastifyError, FastifyInstance, FastifyReply } from 'fastify'
import fp from 'fastify-plugin'
import { type Static, Type } from 'typebox'
import { isDatabaseAway } from '../adapters/prisma/database-away.ts'
import { isJsonObject } from '../domain/json-object.ts'
import { suggestion } from '../domain/suggestion.ts'
import { DATABASE_AWAY, SEE_LOG, SEND_JSON } from '../routes/schemas/shared-answers.ts'
import { describeMistake } from './describe-mistake.ts'

/** RFC 9457, with a code for programs and, for bad input, every problem with its place. */
export const ProblemDocument = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String(),
    code: Type.String(),
    errors: Type.Optional(Type.Array(Type.Object({ pointer: Type.String(), message: Type.String() }))),
  },
  { additionalProperties: false },
)
export type ProblemDocument = Static<typeof ProblemDocument>

export type InputProblem = NonNullable<ProblemDocument['errors']>[number]

/** The document for a status; `about:blank` says that the status itself is the type (RFC 9457, section 4.2.1). */
export function problemDocument(
  status: number,
  code: string,
  detail: string,
  errors?: InputProblem[],
): ProblemDocument {
  const document = { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail, code }
  return errors === undefined ? document : { ...document, errors }
}

const RETRY_AFTER_S = 5

/** Answers every error as a problem document. What the server did wrong goes to the log, not to the client. */
export default fp(
  async (app: FastifyInstance) => {
    app.decorateReply('problem', function (this: FastifyReply, ...what: Parameters<typeof problemDocument>) {
      const [status] = what
      return this.code(status)
        .type('application/problem+json')
        .send(problemDocument(...what))
    })

    app.setNotFoundHandler((request, reply) =>
      reply.problem(404, 'not_found', `There is no ${request.method} ${request.url.split('?')[0]}.`),
    )

    app.setErrorHandler<FastifyError>((error, request, reply) => {
      if (error.validation) {
        const errors = error.validation.map(readProblem)
        const where = error.validationContext === 'params' ? 'path' : (error.validationContext ?? 'input')
        return reply.problem(400, 'invalid_input', `The ${where} is not valid.`, errors)
      }
      const status = error.statusCode ?? 500
      if (status >= 500) request.log.error({ err: error }, 'request.failed')
      if (status === 500 && isDatabaseAway(error)) {
        reply.header('retry-after', RETRY_AFTER_S)
        return reply.problem(503, 'database_away', DATABASE_AWAY)
      }
      const detail = status >= 500 ? SEE_LOG : error.message
      return reply.problem(status, CODES[error.code] ?? codeOf(status), DETAILS[error.code] ?? detail)
    })
  },
  { name: 'problems' },
)

type ValidationProblem = NonNullable<FastifyError['validation']>[number]

/** Where the problem is, and what to do about it. */
function readProblem(problem: ValidationProblem): InputProblem {
  const { keyword, instancePath, params } = problem
  const message = describeMistake(problem)
  const at = (name: unknown) => `${instancePath}/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`
  switch (keyword) {
    case 'additionalProperties': {
      const name = String(params.additionalProperty)
      return { pointer: at(name), message: `is not known here${insteadOf(name, propertiesOf(problem))}` }
    }
    case 'required':
      return { pointer: at(params.missingProperty), message }
    case 'format':
      return { pointer: instancePath, message: hasLostPlus(problem) ? `${message}: write + as %2B` : message }
    case 'pattern':
      return { pointer: instancePath, message: `${message}. ${descriptionOf(problem)}` }
    default:
      return { pointer: instancePath, message }
  }
}

/** Whether a time has a blank where its zone begins: a plain + in an address stands for one. */
function hasLostPlus(problem: ValidationProblem): boolean {
  return / \d\d:\d\d$/.test(String(Reflect.get(problem, 'data')))
}

/** What to send in place of what is not known. */
function insteadOf(name: string, known: readonly string[]): string {
  const hint = suggestion(name, known)
  if (hint !== '') return `.${hint}`
  return known.length === 0 ? ': take it out' : `: take it out. Known are ${known.join(', ')}`
}

/** What the place is for, as its schema tells. */
function descriptionOf(problem: ValidationProblem): string {
  const schema = schemaOf(problem)
  return isJsonObject(schema) && typeof schema.description === 'string' ? schema.description : ''
}

function propertiesOf(problem: ValidationProblem): string[] {
  const schema = schemaOf(problem)
  return isJsonObject(schema) && isJsonObject(schema.properties) ? Object.keys(schema.properties) : []
}

/** Ajv's, which Fastify's type does not tell of. */
function schemaOf(problem: ValidationProblem): unknown {
  return Reflect.get(problem, 'parentSchema')
}

const CODES: Readonly<Record<string, string>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'body_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'not_json',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'wrong_content_length',
}

/** Where what Fastify says does not tell what to do. */
const DETAILS: Readonly<Record<string, string>> = { FST_ERR_CTP_INVALID_MEDIA_TYPE: SEND_JSON }

/** `Not Found` -> `not_found` */
function codeOf(status: number): string {
  return (STATUS_CODES[status] ?? 'error').toLowerCase().replaceAll(/[^a-z]+/g, '_')
}

declare module 'fastify' {
  interface FastifyReply {
    /** Answers with a problem document. */
    problem(...what: Parameters<typeof problemDocument>): FastifyReply
  }
}
