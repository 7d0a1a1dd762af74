import { type ChatSnapshot, readChat } from '../domain/chat-snapshot.ts'
import { checkMove, type RoutingPolicy } from '../domain/decide.ts'
import { type CallVerdict, DEFAULT_RETRY_POLICY, judgeBody, judgePut, nextStep } from '../domain/retry-policy.ts'
import {
  type BudgetedCall,
  type CallDependencies,
  type CallPurpose,
  callHelpcrunch,
  type SetAside,
} from './call-helpcrunch.ts'
import { type ChatClaim, type ChatClaims, whileClaimed } from './chat-claim.ts'
import type { PendingDecision, Settlement } from './pending-decision.ts'
import { isFresh, movedTooOften, moveRequest } from './ready-move.ts'
import type { SharedLooks } from './shared-looks.ts'
import { type Postponement, WAIT_FOR_ACCOUNT, type WorkEnding } from './waiting-event.ts'

/** The port this service needs; `adapters/prisma/application-journal.ts` implements it. Every write is fenced. */
export interface ApplicationJournal {
  /** Undefined when nothing waits, or the claim was lost. `hasJob`: a job of its own will apply it, in its turn. */
  pending(claim: ChatClaim): Promise<(PendingDecision & { readonly hasJob: boolean }) | undefined>
  /** Makes the outcome final and lets go of the chat; false when the claim was lost. */
  settle(settlement: Settlement): Promise<boolean>
  /** Schedules the next run. */
  postpone(claim: ChatClaim, pending: PendingDecision, postponement: Postponement): Promise<void>
}

export interface ApplyDependencies extends CallDependencies {
  readonly claims: ChatClaims
  readonly applications: ApplicationJournal
  readonly policy: Pick<RoutingPolicy, 'mode' | 'leaveAssigned'>
  readonly looks: SharedLooks
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

/** The same for who holds the chat already, unless a job will do it in its turn. */
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
  const look = await lookBeforeMoving(deps, claim, pending)
  if (look.kind === 'may_move') return move(deps, claim, pending, { setAside: look.setAside })
  if (look.setAside) await deps.ledger.giveBack(look.setAside)
  return look.ending
}

/** What a look at the chat has shown, and the call of the budget that was set aside for the move. */
type Look =
  | { readonly kind: 'may_move'; readonly setAside: SetAside | undefined }
  | { readonly kind: 'ended'; readonly ending: WorkEnding; readonly setAside: SetAside | undefined }

async function lookBeforeMoving(deps: ApplyDependencies, claim: ChatClaim, pending: PendingDecision): Promise<Look> {
  const shared = await deps.looks.see(claim, pending)
  if (shared.kind === 'seen') return checkAgain(deps, claim, pending, shared.chat, shared.setAside)
  if (shared.kind === 'failed') {
    return { kind: 'ended', ending: await conclude(deps, claim, pending, shared.call), setAside: shared.setAside }
  }
  const request = { method: 'GET', path: `/chats/${claim.chatId}` } as const
  const purpose = { kind: 'look_before_move', ...servedBy(claim, pending) } as const
  const call = await callHelpcrunch(deps, purpose, request, (result) => judgeBody(result, readChat))
  if (call.kind !== 'answered') {
    return { kind: 'ended', ending: await conclude(deps, claim, pending, call), setAside: undefined }
  }
  const { setAside } = call
  if (call.verdict.kind !== 'done')
    return { kind: 'ended', ending: await conclude(deps, claim, pending, call), setAside }
  return checkAgain(deps, claim, pending, call.verdict.value, setAside)
}

async function checkAgain(
  deps: ApplyDependencies,
  claim: ChatClaim,
  pending: PendingDecision,
  chat: ChatSnapshot,
  setAside: SetAside | undefined,
): Promise<Look> {
  const record = { ...pending.record, pendingDepartmentId: undefined }
  // Whether the rule may move a routed chat was asked when it was decided; what may have changed since is the chat.
  const check = checkMove(pending.departmentId, true, chat, record, deps.policy)
  if (check.kind === 'move') return { kind: 'may_move', setAside }
  const ending =
    check.kind === 'skip'
      ? await settle(deps, claim, pending, 'skipped', check.reason, chat.departmentId)
      : // Already there: by our own call when its reply was lost.
        await settle(deps, claim, pending, pending.putBefore ? 'applied' : 'unchanged', undefined)
  return { kind: 'ended', ending, setAside }
}

/** Makes the PUT, with what a statement before it has prepared. */
export async function move(
  deps: ApplyDependencies,
  claim: ChatClaim,
  pending: PendingDecision,
  prepared: Pick<CallPurpose, 'setAside' | 'opened'>,
): Promise<WorkEnding> {
  const { departmentId } = pending
  const wanted = { chatId: claim.chatId, departmentId }
  const applied = { claim, pending, outcome: 'applied', reason: undefined, departmentFrom: undefined } as const
  const purpose = { kind: 'move', ...prepared, ...servedBy(claim, pending) } as const
  const call = await callHelpcrunch(
    deps,
    purpose,
    moveRequest(claim.chatId, departmentId),
    (result) => judgePut(result, wanted),
    (verdict) => (verdict.kind === 'done' ? { kind: 'settle', settlement: applied } : undefined),
  )
  if (call.kind !== 'answered' || call.verdict.kind !== 'done') return conclude(deps, claim, pending, call)
  if (pending.customerId !== undefined) deps.looks.confirm({ ...wanted, customerId: pending.customerId })
  return reportSettled(deps, applied, call.isSettled)
}

function servedBy(claim: ChatClaim, { eventSeq }: PendingDecision) {
  return { chat: { claim, eventSeq } } as const
}

/** What follows from a call that did not reach its goal. */
async function conclude(
  deps: ApplyDependencies,
  claim: ChatClaim,
  pending: PendingDecision,
  call: BudgetedCall<Exclude<CallVerdict, { kind: 'done' }> | { kind: 'done' } | { kind: 'wrong_body' }>,
): Promise<WorkEnding> {
  if (call.kind === 'claim_lost') return { kind: 'postponed', call: 'move', waitMs: undefined } // its new holder goes on
  if (call.kind === 'no_budget') return postpone(deps, claim, pending, { ...WAIT_FOR_ACCOUNT, waitMs: call.waitMs })
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
      return postpone(deps, claim, pending, WAIT_FOR_ACCOUNT)
    default: {
      const { tries, elapsedMs } = pending.retry
      const step = nextStep(DEFAULT_RETRY_POLICY, tries + 1, elapsedMs, deps.random)
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
  const fields = { decisionId: pending.id, chatId: claim.chatId, outcome, reason, departmentTo: pending.departmentId }
  if (outcome === 'failed') log.error(fields, 'decision.settled')
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
