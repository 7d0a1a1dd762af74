import type { FinalOutcome, RoutingRecord } from '../domain/decide.ts'
import type { ChatClaim } from './chat-claim.ts'
import type { RetryState } from './waiting-event.ts'

/** The one decision of a chat that waits for its call. */
export interface PendingDecision {
  readonly id: bigint
  readonly eventSeq: bigint
  readonly customerId: number | undefined
  readonly departmentId: number
  /** Of the rule that won, `NO_RULE_PRIORITY` without one: when the budget is short, the higher goes first. */
  readonly rulePriority: number
  readonly record: RoutingRecord
  readonly retry: RetryState
  /** How long ago the chat's state was seen that the decision rests on; undefined when it was not known. */
  readonly stateAgeMs: number | undefined
  /** A PUT was begun before, with whatever ending. */
  readonly putBefore: boolean
  /** Where we have moved the chat during the last ten minutes, move by move. */
  readonly recentMoves: readonly number[]
}

/** How a pending decision ends. With it the work on the chat ends too: the claim is let go in the same statement. */
export interface Settlement {
  readonly claim: ChatClaim
  readonly pending: Pick<PendingDecision, 'id' | 'departmentId'>
  readonly outcome: Exclude<FinalOutcome, 'no_match'>
  readonly reason: string | undefined
  /** Where the chat was, when it has been read again; undefined keeps what the decision knew. */
  readonly departmentFrom: number | null | undefined
}
