import type { CustomerProfile } from '../domain/customer-profile.ts'
import type { RoutingRecord } from '../domain/decide.ts'
import { isPassing } from '../domain/passing-trouble.ts'

/** A waiting event of a claimed chat, with what else its decision needs. */
export interface WaitingEvent {
  readonly seq: bigint
  readonly id: string
  readonly type: string
  readonly body: string
  readonly happenedAt: Date
  /** How long ago the event was received, by the database's clock. */
  readonly ageMs: number
  /** How long after it happened the event was received: the database's clock against HelpCrunch's, which counts seconds. */
  readonly lateMs: number
  /** This start included. */
  readonly starts: number
  readonly customerId: number | undefined
  readonly customer: KnownCustomer | undefined
  readonly record: RoutingRecord
  /** Where we have moved the chat during the last ten minutes, move by move. */
  readonly recentMoves: readonly number[]
  /** A decision for an event that happened later, and came sooner, says where the chat belongs. */
  readonly isOvertaken: boolean
  /** The chat's own `chat.new`, which is older, has not come. */
  readonly isAheadOfChat: boolean
  /** Where the last decision in shadow would have moved the chat. */
  readonly shadowDepartmentId: number | undefined
  readonly retry: RetryState
  readonly ruleset: RulesetInForce
}

/** Which rules are in force. A database that was restored gives a version's number once more, at another time. */
export interface RulesetInForce {
  readonly version: number
  readonly changedAt: Date
}

export interface KnownCustomer {
  readonly profile: CustomerProfile
  /** Since `GET /customers/{id}` told everything, or since the last event when it never did. */
  readonly ageMs: number
  /** Whether `GET /customers/{id}` has told everything. */
  readonly isComplete: boolean
  readonly revision: number
}

/** What `GET /customers/{id}` has told, and the revision that was known before it. */
export interface LookedUpCustomer {
  readonly id: number
  readonly profile: CustomerProfile
  readonly knownRevision: number | undefined
}

/** The retry schedule's two inputs: failed tries so far, and how long ago the first began. */
export interface RetryState {
  readonly tries: number
  readonly elapsedMs: number
}

/** When and how a postponed job goes on. */
export interface Postponement {
  readonly delayMs: number
  /** The delay begins when the pause of all calls ends, if there is one. */
  readonly afterPause?: true
  /** A failed try counts towards giving up; waiting for the budget, or to be let in again, does not. */
  readonly countsAsTry: boolean
  /** For how long the budget has nothing to give to anybody. */
  readonly waitMs?: number
}

/** The job is ready at once; it is the account that is not. */
export const WAIT_FOR_ACCOUNT: Postponement = { delayMs: 0, countsAsTry: false }

/** How a job ended. `busy`: another worker holds the chat. `hasLetGo`: the last statement has released the chat as well. */
export type WorkEnding = { readonly kind: 'done'; readonly hasLetGo?: true } | { readonly kind: 'busy' } | Postponed

export interface Postponed {
  readonly kind: 'postponed'
  /** What it waits for. */
  readonly call: 'look_up' | 'move'
  /** For how long the budget has nothing to give to such calls; undefined when it is not the budget that is waited for. */
  readonly waitMs: number | undefined
}

/** Work that ends its process is started this often, and no more. */
export const STARTS_MAX = 3
/** Does the work that was started; a start that ends by passing trouble is no mark against the event, and `forget` takes it back. */
export async function forgetStartInTrouble<Result>(
  work: () => Promise<Result>,
  forget: () => Promise<void>,
): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (isPassing(error)) await forget().catch(() => {}) // it counts then: three in a row would be rare
    throw error
  }
}

/** Why an event is set aside then. */
export const NEVER_ENDED = `Work on it was started ${STARTS_MAX} times and never came to an end.`
