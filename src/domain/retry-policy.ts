import { type ChatSnapshot, readChat } from './chat-snapshot.ts'
import { isAbout } from './helpcrunch-values.ts'
import { isJsonObject } from './json-object.ts'

/** When to try a call again, and for how long. */
export interface RetryPolicy {
  /** The upper bound of the first delay; it doubles with every try. */
  readonly baseMs: number
  /** The upper bound of every delay. */
  readonly capMs: number
  /** Counted from the first try. */
  readonly giveUpAfterMs: number
}

/**
 * HelpCrunch tells of a new customer, the first chat and its message at the same moment; nobody outside knows whether it then answers
 * for all of them at once. What is not found for longer than this does not exist.
 */
export const NOT_YET_MS_MAX = 8_000

/** Long enough for a weekend's outage. */
export const DEFAULT_RETRY_POLICY: RetryPolicy = {
  baseMs: 2_000,
  capMs: 30 * 60_000,
  giveUpAfterMs: 72 * 3_600_000,
}

/** What came back from one HTTP call. A call never throws for what the network or the remote did. */
export type CallResult =
  | {
      readonly kind: 'response'
      readonly status: number
      readonly body: string
      readonly retryAfterMs?: number
    }
  | {
      readonly kind: 'no_response'
      readonly reason: 'timeout' | 'connection' | 'body_too_large' | 'truncated'
      readonly message: string
    }

/** What a reply means for the call. `unauthorized` and `throttled` concern every call, not this one alone. `problem` is what to record. */
export type CallVerdict =
  | { readonly kind: 'done' }
  | { readonly kind: 'refused' }
  | { readonly kind: 'unauthorized' }
  | { readonly kind: 'throttled' }
  | { readonly kind: 'try_again'; readonly problem?: string }

/**
 * A verdict that has looked into the body too. `wrong_body` is to be tried again; `problem` is what to record, and `kept` what to
 * record in place of the body, where that is not to be kept.
 */
export type BodyVerdict<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'wrong_body'; readonly problem: string; readonly kept?: string }
  | Exclude<CallVerdict, { kind: 'done' }>

/** The change that a `PUT /chats/department` asked for. */
export interface WantedDepartment {
  readonly chatId: number
  readonly departmentId: number
}

/** `delayMs` counts from the end of the last try. */
export type NextStep = { readonly kind: 'retry'; readonly delayMs: number } | { readonly kind: 'give_up' }

/** A longer Retry-After is cut to this: a wrong header must not silence the router for a day. */
export const RETRY_AFTER_MS_MAX = 3_600_000
const DELAY_MS_MIN = 100
const ANY_ID = /"id"\s*:/
/** RFC 9110, section 5.6.7. Date.parse alone would read almost anything with a number in it. */
const HTTP_DATE = /^[A-Z][a-z]+, .+ GMT$/
const REDIRECTED =
  'redirects are not followed: HELPCRUNCH_API_URL must be the address of the API itself, with https, unless a proxy in between redirects'
const NOT_ITS_OWN =
  'HelpCrunch refuses in JSON: HELPCRUNCH_API_URL does not lead to its API, or a proxy in between has answered'

/** Judges a reply by its status, not by `errors[0]`, which at HelpCrunch is usually just `invalid_request`. */
export function judge(result: CallResult): CallVerdict {
  if (result.kind === 'no_response') return { kind: 'try_again' }
  const { status } = result
  if (status >= 200 && status < 300) return { kind: 'done' }
  // 402 is not documented; a plan that has run out would be about the account, too.
  if (status === 401 || status === 402 || status === 403) return { kind: 'unauthorized' }
  if (status === 429) return { kind: 'throttled' }
  if (status === 408 || status === 425) return { kind: 'try_again' }
  if (status >= 400 && status < 500) {
    // Proxies, and servers that know nothing of it, refuse in HTML or in a word: no last word on a chat.
    const isItsOwn = result.body.trim() === '' || isJsonObject(parseJson(result.body))
    return isItsOwn ? { kind: 'refused' } : { kind: 'try_again', problem: NOT_ITS_OWN }
  }
  // Not followed, as that could carry the API key to another host: HelpCrunch documents no redirect, so it comes from a proxy in
  // between (maintenance, log-in page), and passes.
  if (status >= 300 && status < 400) return { kind: 'try_again', problem: REDIRECTED }
  return { kind: 'try_again' }
}

/** Judges a reply whose body is needed. `read` gives undefined when the parsed JSON is not what was asked for. */
export function judgeBody<T>(result: CallResult, read: (json: unknown) => T | undefined): BodyVerdict<T> {
  if (result.kind === 'no_response') return { kind: 'try_again' }
  const verdict = judge(result)
  if (verdict.kind !== 'done') return verdict
  const json = parseJson(result.body)
  if (json === undefined) return { kind: 'wrong_body', problem: 'the body is not JSON' }
  const value = read(json)
  return value === undefined
    ? { kind: 'wrong_body', problem: 'the body is not of the expected shape' }
    : { kind: 'done', value }
}

/**
 * The same for a body that has to be about one chat or customer. A wrong one may tell of somebody else, who has no part in what the
 * call was made for: their erasure would not look for it there, so it is not kept.
 */
export function judgeBodyAbout<T>(
  id: number,
  result: CallResult,
  read: (json: unknown) => T | undefined,
): BodyVerdict<T> {
  const verdict = judgeBody(result, (json) => (isAbout(id, json) ? read(json) : undefined))
  if (verdict.kind !== 'wrong_body' || result.kind !== 'response' || !ANY_ID.test(result.body)) return verdict
  return { ...verdict, problem: `${verdict.problem}; as it may tell of somebody else, it is not kept`, kept: '' }
}

/**
 * Judges the reply to a PUT of a department by the chat it answers with: only the chat asked for, in the department
 * asked for, is done. A stale chat is `wrong_body`; the PUT can be repeated without harm.
 */
export function judgePut(result: CallResult, wanted: WantedDepartment): BodyVerdict<ChatSnapshot> {
  const verdict = judgeBodyAbout(wanted.chatId, result, readChat)
  if (verdict.kind !== 'done') return verdict
  const chat = verdict.value
  if (chat.departmentId === wanted.departmentId) return { kind: 'done', value: chat }
  const found = chat.departmentId ?? 'none'
  return { kind: 'wrong_body', problem: `the chat's department is ${found}, not ${wanted.departmentId}` }
}

/**
 * When to try again after `tries` tries, the last of which had this `result`, `elapsedMs` after the first one. Delays have "full jitter" (Marc Brooker,
 * "Exponential Backoff And Jitter", AWS Architecture Blog, 2015): uniform between 0 and a doubling, capped bound. They
 * start at the end of the reply's Retry-After, so that calls which failed together do not return together. It gives up only once a
 * try was made at or after `giveUpAfterMs`, so the tries span at least that long.
 */
export function nextStep(
  policy: RetryPolicy,
  tries: number,
  elapsedMs: number,
  random: () => number,
  result: CallResult,
): NextStep {
  if (elapsedMs >= policy.giveUpAfterMs) return { kind: 'give_up' }
  const boundMs = Math.min(policy.capMs, policy.baseMs * 2 ** Math.max(0, tries - 1))
  const jitterMs = Math.max(DELAY_MS_MIN, Math.round(random() * boundMs))
  const retryAfterMs = result.kind === 'response' ? (result.retryAfterMs ?? 0) : 0
  return { kind: 'retry', delayMs: boundRetryAfter(retryAfterMs) + jitterMs }
}

/**
 * Reads a Retry-After header: seconds, or an HTTP date by the clock that says `now`. A past date is 0, nonsense undefined; an hour
 * at most.
 */
export function readRetryAfter(header: string | undefined, now: Date): number | undefined {
  const value = header?.trim() ?? ''
  if (/^\d+(\.\d+)?$/.test(value)) return boundRetryAfter(Number(value) * 1_000)
  const time = readHttpDate(value)
  return time && boundRetryAfter(time.getTime() - now.getTime())
}

/** Reads an HTTP date, as the headers Date and Retry-After have it; undefined for anything else. */
export function readHttpDate(text = ''): Date | undefined {
  const timeMs = HTTP_DATE.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(timeMs) ? undefined : new Date(timeMs)
}

function boundRetryAfter(retryAfterMs: number): number {
  return Math.ceil(Math.min(RETRY_AFTER_MS_MAX, Math.max(0, retryAfterMs)))
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
