import { type Outcome, priorityOf, type RoutingPolicy } from '../domain/decide.ts'
import type { Facts, Lookup } from '../domain/facts.ts'
import type { CompiledRule } from '../domain/ruleset.ts'
import type { OpenCall } from './call-ledger.ts'
import type { PendingDecision } from './pending-decision.ts'
import type { WaitingEvent } from './waiting-event.ts'

export interface NewDecision {
  readonly outcome: Outcome
  readonly reason: string | undefined
  readonly mode: RoutingPolicy['mode']
  readonly winner: CompiledRule | null
  readonly departmentFrom: number | null | undefined
  readonly departmentTo: number | undefined
  readonly facts: Facts
  /** The look-ups that nobody needed to make: what they would have told is open, not missing. */
  readonly openLookups: ReadonlySet<Lookup>
  readonly rulesetVersion: number
  /** How long ago the chat's state was seen that the decision rests on; undefined when it is not known in full. */
  readonly stateAgeMs: number | undefined
}

export interface RecordedDecision {
  readonly decisionId: bigint
  /** It is pending and has a job: the budget is short, so that calls go in the order of their rules, or an older decision's was left over. */
  readonly isQueued: boolean
  /** More events of the chat wait. */
  readonly hasMore: boolean
  /** Its move, opened along with it. */
  readonly opened: OpenCall | undefined
}

/**
 * A decision that was just recorded, as the journal of applications would read it back; undefined unless it waits for its call,
 * and for no job. `drawnAtMs` is when its `stateAgeMs` was taken, on this process's monotonic clock.
 */
export function toPending(
  event: WaitingEvent,
  { outcome, departmentTo, departmentFrom, winner, stateAgeMs }: NewDecision,
  { decisionId, isQueued }: RecordedDecision,
  drawnAtMs: number,
): PendingDecision | undefined {
  if (outcome !== 'pending' || departmentTo === undefined || isQueued) return undefined
  const { originalDepartmentId = departmentFrom } = event.record
  return {
    id: decisionId,
    eventSeq: event.seq,
    customerId: event.customerId,
    departmentId: departmentTo,
    rulePriority: priorityOf(winner),
    record: { ...event.record, originalDepartmentId, pendingDepartmentId: departmentTo },
    retry: { tries: 0, elapsedMs: 0 },
    stateAgeMs: stateAgeMs === undefined ? undefined : stateAgeMs + (performance.now() - drawnAtMs),
    putBefore: false,
    recentMoves: event.recentMoves,
  }
}
