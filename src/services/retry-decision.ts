import type { Outcome, RoutingPolicy } from '../domain/decide.ts'
import type { Log } from './log.ts'
import type { DecisionReader, DecisionSummary } from './read-decision.ts'

/** The newest decision that stands in the way of an older one: it has taken over. */
export interface NewerDecision {
  readonly id: bigint
  readonly outcome: Outcome
}

/** The port this service needs; `adapters/prisma/retries.ts` implements it. Each write is one statement, false when it came too late. */
export interface DecisionRetries {
  /** A decision that waits for its call, or a newer one that moved the chat or left it where it belongs. */
  findNewer(decision: DecisionSummary): Promise<NewerDecision | undefined>
  /** Makes a failed decision pending again, its tries forgotten, with the job that applies it. */
  callAgain(decision: DecisionSummary): Promise<boolean>
  /** Takes back a decision that gave up before it chose anything: its event waits again, with the job that decides it. */
  decideAgain(decision: DecisionSummary): Promise<boolean>
}

export interface RetryDecisionDependencies {
  readonly decisions: DecisionReader
  readonly retries: DecisionRetries
  readonly policy: Pick<RoutingPolicy, 'mode'>
  readonly log: Log
}

/** `deciding`: there was nothing to call for, so the event is decided from the start, by a new decision. */
export type DecisionRetry =
  | { readonly kind: 'calling'; readonly decision: DecisionSummary }
  | { readonly kind: 'deciding'; readonly eventId: string }
  | { readonly kind: 'not_found' }
  | { readonly kind: 'refused'; readonly why: string }

/** Tries a failed decision again because a person asks for it; every other final outcome stays final. */
export async function retryDecision(deps: RetryDecisionDependencies, id: bigint): Promise<DecisionRetry> {
  const found = await deps.decisions.find(id)
  if (found === undefined) return { kind: 'not_found' }
  const { facts: _facts, openLookups: _open, attempts: _attempts, happenedAt: _at, ...decision } = found
  if (decision.outcome !== 'failed') {
    return { kind: 'refused', why: `Its outcome is ${decision.outcome}; only a failed decision can be tried again.` }
  }
  const newer = await deps.retries.findNewer(decision)
  if (newer !== undefined) {
    const why = `Decision ${newer.id} of the same chat has taken over: it is ${newer.outcome}. Nothing is left to do.`
    return { kind: 'refused', why }
  }
  const hasTarget = decision.department.to !== null
  if (!hasTarget && decision.erasedAt !== null) {
    return { kind: 'refused', why: "The customer's data was erased, so there is nothing to decide by." }
  }
  // It would end as `shadow`, and with that for good.
  if (deps.policy.mode === 'shadow' && decision.mode === 'live') {
    return { kind: 'refused', why: 'The service is in shadow and moves no chat. Try again when it is live.' }
  }
  const accepted = await (hasTarget ? deps.retries.callAgain(decision) : deps.retries.decideAgain(decision))
  if (!accepted) return { kind: 'refused', why: 'It changed at this very moment. Look at it again.' }
  deps.log.info({ decisionId: id, chatId: decision.chatId, calling: hasTarget }, 'decision.retried')
  if (!hasTarget) return { kind: 'deciding', eventId: decision.eventId }
  return { kind: 'calling', decision: { ...decision, ...outcomeAfter(decision) } }
}

function outcomeAfter({ rule }: DecisionSummary): Pick<DecisionSummary, 'outcome' | 'reason'> {
  return { outcome: 'pending', reason: rule === null ? 'default_department' : null }
}
