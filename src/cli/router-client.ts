import { type Static, Type } from 'typebox'
import { Check } from 'typebox/value'
import { RuleDocument } from '../domain/rule.ts'
import { CommandError } from './command-error.ts'
import type { Settings } from './read-arguments.ts'

/** A rule as the service has it. */
export interface StoredRule {
  readonly document: RuleDocument
  readonly version: number
}

/** What became of a write. Of one without an answer nobody knows whether it took place. */
export type WriteResult =
  | { readonly kind: 'written' }
  | { readonly kind: 'refused'; readonly status: number; readonly reason: string }
  | { readonly kind: 'no_answer'; readonly reason: string }

/** The management API of a service. What reads throws a `CommandError` when there is no good answer; what writes never throws. */
export interface RouterClient {
  /** In the order tried. */
  rules(): Promise<StoredRule[]>
  /** Names by id; empty when HelpCrunch cannot be asked for them. */
  departmentNames(): Promise<ReadonlyMap<number, string>>
  /** Posts JSON to something that only computes, and gives the parsed answer. */
  compute(path: string, body: unknown): Promise<unknown>
  create(rule: RuleDocument): Promise<WriteResult>
  replace(rule: RuleDocument, version: number): Promise<WriteResult>
  remove(key: string, version: number): Promise<WriteResult>
}

/** The longest that a call takes in good health is a backtest over the most decisions. */
const TIMEOUT_MS = 60_000

/** The service at `url`. Throws a `CommandError` when there is no token. */
export function createRouterClient({ url, token }: Pick<Settings, 'url' | 'token'>): RouterClient {
  if (token === undefined) {
    throw new CommandError('The service wants a token: set ROUTER_TOKEN, or give --token.')
  }
  if (!/^[!-~]+$/.test(token)) throw new CommandError('The token has characters that no token has. Copy it again.')
  const call = caller(url, token)
  const change = async (method: string, path: string, version: number | undefined, body?: RuleDocument) =>
    writeResult(await call(method, path, body, version))
  return {
    rules: async () => (await readAll(call, '/v1/rules')).map(readStoredRule),
    departmentNames: async () => {
      const departments = await readAll(call, '/v1/departments', [503])
      return new Map(departments.filter((one) => Check(Department, one)).map(({ id, name }) => [id, name]))
    },
    compute: async (path, body) => bodyOf(await call('POST', path, body), `POST ${path}`),
    create: (rule) => change('POST', '/v1/rules', undefined, rule),
    replace: (rule, version) => change('PUT', `/v1/rules/${rule.key}`, version, rule),
    remove: (key, version) => change('DELETE', `/v1/rules/${key}`, version),
  }
}

type Answer =
  | { readonly kind: 'answer'; readonly status: number; readonly body: unknown }
  | { readonly kind: 'no_answer'; readonly reason: string }

type Call = (method: string, path: string, body?: unknown, version?: number) => Promise<Answer>

function caller(url: string, token: string): Call {
  return async (method, path, body, version) => {
    try {
      const reply = await fetch(url + path, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...(version !== undefined && { 'if-match': `"${version}"` }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        redirect: 'manual', // a write that is led elsewhere must not become a read there
        signal: AbortSignal.timeout(TIMEOUT_MS),
      })
      return { kind: 'answer', status: reply.status, body: parsed(await reply.text()) }
    } catch (error) {
      return { kind: 'no_answer', reason: `${url} did not answer (${whatHappened(error)}).` }
    }
  }
}

/** What is behind `fetch failed`: the code of the system's error, where there is one. */
function whatHappened(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error'
  if (error.name === 'TimeoutError') return `nothing for ${TIMEOUT_MS / 1_000} s`
  const { cause } = error
  if (!(cause instanceof Error)) return error.message
  return 'code' in cause ? String(cause.code) : cause.message
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const Page = Type.Object({ data: Type.Array(Type.Unknown()), nextCursor: Type.Union([Type.String(), Type.Null()]) })
const Department = Type.Object({ id: Type.Integer(), name: Type.String() })
const Versioned = Type.Object({ version: Type.Integer() })
const ProblemDocument = Type.Object({
  detail: Type.String(),
  errors: Type.Optional(Type.Array(Type.Object({ pointer: Type.String(), message: Type.String() }))),
})

/** All pages of a list; nothing when the answer has one of the statuses that stand for "not now". */
async function readAll(call: Call, path: string, notNow: readonly number[] = []): Promise<unknown[]> {
  const items: unknown[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const query = new URLSearchParams({ limit: '100', ...(cursor !== '' && { cursor }) })
    const answer = await call('GET', `${path}?${query}`)
    if (answer.kind === 'answer' && notNow.includes(answer.status)) return []
    const page = bodyOf(answer, `GET ${path}`)
    if (!Check(Page, page)) throw noRouter(`GET ${path}`)
    items.push(...page.data)
    cursor = page.nextCursor
  }
  return items
}

function bodyOf(answer: Answer, what: string): unknown {
  if (answer.kind === 'no_answer') throw new CommandError(`${answer.reason} Is it the right address, and does it run?`)
  if (answer.status === 200 && answer.body !== undefined) return answer.body
  if (!Check(ProblemDocument, answer.body)) throw noRouter(what, answer.status)
  if (answer.status === 401)
    throw new CommandError('The service does not know this token: set another ROUTER_TOKEN, or give --token.')
  throw new CommandError(`${what} was refused (${answer.status}): ${reasonOf(answer.body)}`)
}

function noRouter(what: string, status = 200): CommandError {
  return new CommandError(
    `${what} was answered with ${status}, and not as helpcrunch-router does. Is --url the right address?`,
  )
}

function reasonOf({ detail, errors = [] }: Static<typeof ProblemDocument>): string {
  return [detail, ...errors.map(({ pointer, message }) => `${pointer} ${message}`.trim())].join(' ')
}

function writeResult(answer: Answer): WriteResult {
  if (answer.kind === 'no_answer') return answer
  const { status, body } = answer
  if (status >= 200 && status <= 299) return { kind: 'written' }
  const reason = Check(ProblemDocument, body)
    ? reasonOf(body)
    : `The answer was ${status}, and not one of helpcrunch-router.`
  // A proxy answers so when it has lost the service's answer, and the service when it does not know itself.
  return status >= 500 ? { kind: 'no_answer', reason } : { kind: 'refused', status, reason }
}

/** What the service has added to the document is left out; it may add more some day. */
function readStoredRule(item: unknown): StoredRule {
  if (!Check(Versioned, item)) throw noRouter('GET /v1/rules')
  const entries = Object.entries(item).filter(([name]) => Object.hasOwn(RuleDocument.properties, name))
  const document: unknown = Object.fromEntries(entries)
  if (!Check(RuleDocument, document)) {
    const key = 'key' in item ? ` "${String(item.key)}"` : ''
    throw new CommandError(
      `The service has a rule${key} that this version cannot read. Use the version of the service.`,
    )
  }
  return { document, version: item.version }
}
