import type { RoutingPolicy } from '../domain/decide.ts'
import { DEFAULT_RETRY_POLICY, judgePut, nextStep } from '../domain/retry-policy.ts'
import { callHelpcrunch, servedBy } from './call-helpcrunch.ts'
import type { CallPurpose } from './call-ledger.ts'
import { type ChatClaim, type ChatClaims, whileClaimed } from './chat-claim.ts'
import { waitAfter } from './forbidden-calls.ts'
import { type LookDependencies, lookBeforeMoving, type UnfinishedCall } from './look-before-moving.ts'
import type { PendingDecision, Settlement } from './pending-decision.ts'
import { isFresh, movedTooOften, moveRequest } from './ready-move.ts'
import type { Postponement, WorkEnding } from './waiting-event.ts'

/** The port this service needs; `adapters/prisma/application-journal.ts` implements it. Every write is fenced. */
export interface ApplicationJournal {
  /** Undefined when nothing waits, or the claim was lost. `hasJob`: a job of its own will apply it, in its turn. */
  pending(claim: ChatClaim): Promise<(PendingDecision & { readonly hasJob: boolean }) | undefined>
  /** Makes the outcome final and lets go of the chat; false when the claim was lost. */
  settle(settlement: Settlement): Promise<boolean>
  /** Schedules the next run. */
  postpone(claim: ChatClaim, pending: PendingDecision, postponement: Postponement): Promise<void>
}

export interface ApplyDependencies extends LookDependencies {
  readonly claims: ChatClaims
  readonly applications: ApplicationJournal
  readonly policy: Pick<RoutingPolicy, 'mode' | 'leaveAssigned'>
  readonly random: () => number
}

/** Brings a chat to the department of its newest decision. */
export function applyDecision(deps: ApplyDependencies, chatId: number): Promise<WorkEnding> {
  const take = () => deps.claims.claim(chatId)
  return whileClaimed(deps.claims, take, async (claim) => {
    const pending = await deps.applications.pending(claim)
    return pending === undefined ? { kind: 'done' } : applyPending(deps, claim, pending)
  })
}

/** Applies the chat's pending decision under a claim that is held already, unless a job of its own will. */
export async function applyUnlessQueued(deps: ApplyDependencies, claim: ChatClaim): Promise<WorkEnding> {
  const pending = await deps.applications.pending(claim)
  return pending === undefined || pending.hasJob ? { kind: 'done' } : applyPending(deps, claim, pending)
}

/** Looks at the chat first unless its state is fresh, then makes one PUT. */
export async function applyPending(
  deps: ApplyDependencies,
  claim: ChatClaim,
  pending: PendingDecision,
): Promise<WorkEnding> {
  // Left over from when this service was live.
  if (deps.policy.mode === 'shadow') return settle(deps, claim, pending, 'shadow', undefined)
  if (movedTooOften(pending.recentMoves)) return settle(deps, claim, pending, 'failed', 'moved_too_often')
  if (pending.retry.tries === 0 && isFresh(pending.stateAgeMs)) return move(deps, claim, pending, {})
  try {
    const look = await lookBeforeMoving(deps, claim, pending)
    if (look.kind === 'may_move') return await move(deps, claim, pending, look)
    if (look.setAside) await deps.ledger.giveBack(look.setAside)
    if (look.kind === 'unfinished') return await conclude(deps, claim, pending, look.call)
    return await settle(deps, claim, pending, look.outcome, look.reason, look.departmentFrom)
  } finally {
    deps.looks.workEnded(claim.chatId)
  }
}

/** Makes the PUT, with what a statement before it has prepared. */
export async function move(
  deps: ApplyDependencies,
  claim: ChatClaim,
  pending: PendingDecision,
  prepared: Pick<CallPurpose, 'setAside' | 'opened'> & Partial<Pick<Settlement, 'departmentFrom'>>,
): Promise<WorkEnding> {
  const { departmentId } = pending
  const { setAside, opened, departmentFrom } = prepared
  const wanted = { chatId: claim.chatId, departmentId }
  const applied = { claim, pending, outcome: 'applied', reason: undefined, departmentFrom } as const
  const purpose = { kind: 'move', setAside, opened, ...servedBy(claim, pending) } as const
  const own = deps.forbidden.watch(purpose.kind, subjectOf(claim.chatId))
  const call = await callHelpcrunch(
    deps,
    purpose,
    moveRequest(claim.chatId, departmentId),
    (result) => own(result, judgePut(result, wanted)),
    (verdict) => (verdict.kind === 'done' ? { kind: 'settle', settlement: applied } : undefined),
  )
  if (call.kind !== 'answered' || call.verdict.kind !== 'done') return conclude(deps, claim, pending, call)
  if (pending.customerId !== undefined) deps.looks.confirm({ ...wanted, customerId: pending.customerId })
  return reportSettled(deps, applied, call.isSettled)
}

/** As the look before a move calls it, so that what is known of the one counts for the other. */
function subjectOf(chatId: number): string {
  return `/chats/${chatId}`
}

/** What follows from a call that did not reach its goal. */
async function conclude(
  deps: ApplyDependencies,
  claim: ChatClaim,
  pending: PendingDecision,
  call: UnfinishedCall,
): Promise<WorkEnding> {
  if (call.kind === 'claim_lost') return { kind: 'postponed', call: 'move', waitMs: undefined } // its new holder goes on
  if (call.kind === 'no_budget') {
    return postpone(deps, claim, pending, deps.forbidden.waitForTurn(subjectOf(claim.chatId), call.waitMs))
  }
  switch (call.verdict.kind) {
    case 'refused':
      return settle(
        deps,
        claim,
        pending,
        'rejected',
        call.result.kind === 'response' ? `http_${call.result.status}` : undefined,
      )
    case 'unauthorized':
    case 'throttled':
      return postpone(deps, claim, pending, waitAfter(call.result))
    default: {
      const { tries, elapsedMs } = pending.retry
      const step = nextStep(DEFAULT_RETRY_POLICY, tries + 1, elapsedMs, deps.random, call.result)
      if (step.kind === 'give_up') return settle(deps, claim, pending, 'failed', 'gave_up')
      return postpone(deps, claim, pending, { delayMs: step.delayMs, countsAsTry: true })
    }
  }
}

async function settle(
  deps: ApplyDependencies,
  claim: ChatClaim,
  pending: PendingDecision,
  outcome: Settlement['outcome'],
  reason: string | undefined,
  departmentFrom?: number | null,
): Promise<WorkEnding> {
  const settlement = { claim, pending, outcome, reason, departmentFrom }
  return reportSettled(deps, settlement, await deps.applications.settle(settlement))
}

function reportSettled(
  { log }: ApplyDependencies,
  { claim, pending, outcome, reason }: Settlement,
  isSettled: boolean,
): WorkEnding {
  if (!isSettled) return { kind: 'done' } // another worker has taken the chat over, and goes on
  const fields = {
    decisionId: Number(pending.id),
    chatId: claim.chatId,
    outcome,
    reason,
    departmentTo: pending.departmentId,
  }
  if (outcome === 'failed') log.error(fields, 'decision.settled')
  else if (outcome === 'rejected') log.warn(fields, 'decision.settled')
  else log.info(fields, 'decision.settled')
  return { kind: 'done', hasLetGo: true }
}

async function postpone(
  deps: ApplyDependencies,
  claim: ChatClaim,
  pending: PendingDecision,
  postponement: Postponement,
): Promise<WorkEnding> {
  await deps.applications.postpone(claim, pending, postponement)
  return { kind: 'postponed', call: 'move', waitMs: postponement.waitMs }
}
