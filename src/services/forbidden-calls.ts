import type { CallResult } from '../domain/retry-policy.ts'
import type { CallDependencies } from './call-helpcrunch.ts'
import type { CallPurpose } from './call-ledger.ts'
import { type Postponement, WAIT_FOR_ACCOUNT } from './waiting-event.ts'

/**
 * Calls of one process that HelpCrunch has forbidden with 403. Its documents do not know that status, so nobody outside knows
 * whether it is about the key, and so about every call, or about one chat or customer alone.
 */
export interface ForbiddenCalls {
  /**
   * Begins to watch a call, and gives what its verdict is to go through. A 403 that comes again, after a later call of its kind for
   * somebody else was let through, is about its own subject: it becomes a failed try, and stops nobody else. One that stops all
   * calls takes back what was let through before it: from now on the key is in doubt again.
   */
  watch(
    kind: CallPurpose['kind'],
    subject: string,
  ): <V extends { readonly kind: string }>(result: CallResult, verdict: V) => V | OwnFailure
  /** When to go on after a call for this subject that the budget, or a pause, had nothing for. */
  waitForTurn(subject: string, waitMs: number): Postponement
}

/** What a call for a chat needs. */
export interface ChatCallDependencies extends CallDependencies {
  readonly forbidden: ForbiddenCalls
}

type OwnFailure = { readonly kind: 'try_again' }

/** More than are ever tried again within an hour; the oldest are forgotten, and stop everybody once more. */
const REMEMBERED_MAX = 1_000
/** After each pause what was forbidden lets others go first: they show whether it is the key. A held queue opens within 1 s. */
const AFTER_OTHERS: Postponement = { delayMs: 3_000, afterPause: true, countsAsTry: false }
const KINDS: readonly CallPurpose['kind'][] = ['look_up', 'look_before_move', 'move']

export function createForbiddenCalls(): ForbiddenCalls {
  const forbidden = new Set<string>()
  const letThroughAtMs = createLatest()
  const stoppedAtMs = createLatest()

  const remember = (name: string): void => {
    forbidden.delete(name) // and so to the end: what is still tried is the last to be forgotten
    forbidden.add(name)
    const [oldest] = forbidden
    if (forbidden.size > REMEMBERED_MAX && oldest !== undefined) forbidden.delete(oldest)
  }

  return {
    watch(kind, subject) {
      const startedAtMs = performance.now()
      const name = `${kind} ${subject}`
      return (result, verdict) => {
        if (!isForbidden(result)) {
          if (verdict.kind !== 'done') return verdict
          letThroughAtMs.note(kind, startedAtMs)
          forbidden.delete(name)
          return verdict
        }
        const isOwn = forbidden.has(name) && letThroughAtMs.of(kind) > stoppedAtMs.of(kind)
        remember(name)
        if (isOwn) return { kind: 'try_again' }
        stoppedAtMs.note(kind, performance.now())
        return verdict
      }
    },
    waitForTurn(subject, waitMs) {
      const wasForbidden = KINDS.some((kind) => forbidden.has(`${kind} ${subject}`))
      return { ...(wasForbidden ? AFTER_OTHERS : WAIT_FOR_ACCOUNT), waitMs }
    },
  }
}

/** When to go on after a reply that has stopped all calls. */
export function waitAfter(result: CallResult): Postponement {
  return isForbidden(result) ? AFTER_OTHERS : WAIT_FOR_ACCOUNT
}

function isForbidden(result: CallResult): boolean {
  return result.kind === 'response' && result.status === 403
}

/** The latest moment of each kind; calls do not end in the order in which they began. */
function createLatest() {
  const moments = new Map<string, number>()
  return {
    of: (kind: string): number => moments.get(kind) ?? 0,
    note(kind: string, atMs: number): void {
      moments.set(kind, Math.max(atMs, moments.get(kind) ?? 0))
    },
  }
}
