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

/** All of them, all of one moment. */
export interface StoredRules {
  /** Stands for these rules and no others; undefined where none came with them. */
  readonly etag: string | undefined
  /** In the order tried. */
  readonly rules: readonly StoredRule[]
}

/** What became of a write. Of one without an answer nobody knows whether it took place. */
export type WriteResult =
  | { readonly kind: 'written' }
  | { readonly kind: 'refused'; readonly status: number; readonly reason: string }
  | { readonly kind: 'no_answer'; readonly reason: string }

/** The management API of a service. What reads throws a `CommandError` when there is no good answer; what writes never throws. */
export interface RouterClient {
  rules(): Promise<StoredRules>
  /** Names by id; empty when HelpCrunch cannot be asked for them. */
  departmentNames(): Promise<ReadonlyMap<number, string>>
  /** Posts JSON to something that only computes, and gives the parsed answer. */
  compute(path: string, body: unknown): Promise<unknown>
  /** Makes these all the rules there are, if those of the `etag` still are. */
  replaceRules(rules: readonly RuleDocument[], etag: string): Promise<WriteResult>
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
  return {
    rules: () => readRules(call),
    departmentNames: async () => {
      const { items } = await readAll(call, '/v1/departments', [503])
      return new Map(items.filter((one) => Check(Department, one)).map(({ id, name }) => [id, name]))
    },
    compute: async (path, body) => bodyOf(await call('POST', path, body), `POST ${path}`),
    replaceRules: async (rules, etag) => writeResult(await call('PUT', '/v1/rules', { rules }, etag)),
  }
}

type Answer =
  | { readonly kind: 'answer'; readonly status: number; readonly etag: string | null; readonly body: unknown }
  | { readonly kind: 'no_answer'; readonly reason: string }

type Call = (method: string, path: string, body?: unknown, ifMatch?: string) => Promise<Answer>

function caller(url: string, token: string): Call {
  return async (method, path, body, ifMatch) => {
    try {
      const reply = await fetch(url + path, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...(ifMatch !== undefined && { 'if-match': ifMatch }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        redirect: 'manual', // a write that is led elsewhere must not become a read there
        signal: AbortSignal.timeout(TIMEOUT_MS),
      })
      const { status, headers } = reply
      return { kind: 'answer', status, etag: headers.get('etag'), body: parsed(await reply.text()) }
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

/** The pages are read again when somebody has changed a rule in between. */
async function readRules(call: Call): Promise<StoredRules> {
  for (let readings = 0; readings < READINGS_MAX; readings += 1) {
    const { items, etags } = await readAll(call, '/v1/rules')
    const [etag, ...others] = etags
    if (others.length === 0) return { etag, rules: items.map(readStoredRule) }
  }
  throw new CommandError('The rules of the service change all the time. Try again.')
}

const READINGS_MAX = 5

/** All pages of a list, and the different `ETag`s they came with; nothing when the answer has one of the statuses that stand for "not now". */
async function readAll(
  call: Call,
  path: string,
  notNow: readonly number[] = [],
): Promise<{ readonly items: readonly unknown[]; readonly etags: ReadonlySet<string> }> {
  const items: unknown[] = []
  const etags = new Set<string>()
  for (let cursor: string | null = ''; cursor !== null; ) {
    const query = new URLSearchParams({ limit: '100', ...(cursor !== '' && { cursor }) })
    const answer = await call('GET', `${path}?${query}`)
    if (answer.kind === 'answer' && notNow.includes(answer.status)) return { items: [], etags }
    const page = bodyOf(answer, `GET ${path}`)
    if (!Check(Page, page)) throw noRouter(`GET ${path}`)
    items.push(...page.data)
    // A proxy that compresses makes it weak, and means the same rules.
    if (answer.kind === 'answer' && answer.etag !== null) etags.add(answer.etag.replace(/^W\//, ''))
    cursor = page.nextCursor
  }
  return { items, etags }
}

function bodyOf(answer: Answer, what: string): unknown {
  if (answer.kind === 'no_answer') throw new CommandError(`${answer.reason} Is it the right address, and does it run?`)
  if (answer.status === 200) return answer.body
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
