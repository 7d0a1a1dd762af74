import type { Call } from './calls.ts'

/**
 * What goes wrong with one call. `applied` says whether the change is made nevertheless; without it, a fault that answers 200
 * or delays makes the change and one that refuses, hangs or resets does not.
 */
export type Fault = { readonly applied?: boolean } & FaultKind

/** The faults themselves; which of them apply the change is in `Fault`. */
export type FaultKind =
  /** Any status; a redirect is a 3xx with a `location` header. Without a body, the one that HelpCrunch would send. */
  | { readonly kind: 'status'; readonly status: number; readonly body?: FaultBody; readonly headers?: FaultHeaders }
  /** Never answered; the connection stays open until the client or the simulator closes it. */
  | { readonly kind: 'hang' }
  /** Answered as usual, but only some time after the call came in. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** Answered as usual, but only once a promise of the test is fulfilled; the change waits for it too unless told otherwise. */
  | { readonly kind: 'hold'; readonly until: Promise<unknown>; readonly when?: 'before_change' | 'after_change' }
  /** The connection is reset; with `applied: true` the change was made and only the reply is lost. */
  | { readonly kind: 'reset' }
  /** Half of the reply, then the connection is closed. */
  | { readonly kind: 'truncated' }
  /** A 200 with something else in it: text that is no JSON, or JSON of the wrong shape. */
  | { readonly kind: 'wrong_body'; readonly body: FaultBody }
  /** A 200 with the chat as it was before the call. */
  | { readonly kind: 'stale_chat' }
  /** A 200 that is valid JSON of at least this size. */
  | { readonly kind: 'huge_body'; readonly bytes: number }
  /** The reply in small pieces, one at each interval. */
  | { readonly kind: 'slow_drip'; readonly everyMs: number; readonly bytesEach?: number }
  /** No fault: lets one call through, to reach a later one. */
  | { readonly kind: 'none' }

/** Text is sent as it is, an object as JSON. */
export type FaultBody = string | Readonly<Record<string, unknown>> | readonly unknown[]
/** Header values by name. */
export type FaultHeaders = Readonly<Record<string, string>>

/** Which calls a script is about; every field given must fit. */
export interface CallMatch {
  readonly method?: string
  /** A whole path, with `{id}` for any number: `/v1/customers/{id}`. */
  readonly path?: string
  readonly chatId?: number
}

/** Faults that wait for their calls. */
export interface FaultScript {
  /** How many faults are left; endless scripts have as many as they began with. */
  readonly left: number
  clear(): void
}

/** The faults of one simulator; an older script goes before a newer one. */
export interface Faults {
  script(match: CallMatch, faults: readonly Fault[], options?: { forever?: boolean }): FaultScript
  /** The fault for this call, which is thereby used up unless its script goes on for ever. */
  take(call: Call): Fault | undefined
  clear(): void
}

/** Creates an empty set of scripts. */
export function createFaults(): Faults {
  const scripts = new Set<{ match: CallMatch; waiting: Fault[]; forever: boolean }>()
  return {
    script(match, faults, options = {}) {
      const script = { match, waiting: [...faults], forever: options.forever ?? false }
      scripts.add(script)
      return {
        get left() {
          return script.waiting.length
        },
        clear() {
          script.waiting.length = 0
          scripts.delete(script)
        },
      }
    },
    take(call) {
      for (const script of scripts) {
        if (!callMatches(script.match, call)) continue
        const fault = script.waiting.shift()
        if (fault !== undefined && script.forever) script.waiting.push(fault)
        if (fault !== undefined) return fault
        scripts.delete(script)
      }
      return undefined
    },
    clear: () => scripts.clear(),
  }
}

/** Whether a call is one of those that a match describes. */
export function callMatches(match: CallMatch, call: Pick<Call, 'method' | 'path' | 'chatId'>): boolean {
  if (match.method !== undefined && match.method !== call.method) return false
  if (match.chatId !== undefined && match.chatId !== call.chatId) return false
  return match.path === undefined || match.path === call.path || match.path === call.path.replace(/\/\d+/g, '/{id}')
}

/** Whether a call with this fault changes the account. */
export function makesChange(fault: Fault): boolean {
  return fault.applied ?? !['status', 'hang', 'reset'].includes(fault.kind)
}
