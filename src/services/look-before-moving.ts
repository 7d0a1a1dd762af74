import { type ChatSnapshot, readChat } from '../domain/chat-snapshot.ts'
import { checkMove, type RoutingPolicy } from '../domain/decide.ts'
import { type CallVerdict, judgeBodyAbout } from '../domain/retry-policy.ts'
import { type BudgetedCall, callHelpcrunch, servedBy } from './call-helpcrunch.ts'
import type { SetAside } from './call-ledger.ts'
import type { ChatClaim } from './chat-claim.ts'
import type { ChatCallDependencies } from './forbidden-calls.ts'
import type { PendingDecision, Settlement } from './pending-decision.ts'
import type { SharedLooks } from './shared-looks.ts'

export interface LookDependencies extends ChatCallDependencies {
  readonly policy: Pick<RoutingPolicy, 'leaveAssigned'>
  readonly looks: SharedLooks
}

/** A call that did not reach its goal, or only the first of two. */
export type UnfinishedCall = BudgetedCall<CallVerdict | { readonly kind: 'wrong_body' }>

/** What a look at the chat came to; `setAside` is the call of the budget that was kept for the move. */
export type Look = { readonly setAside: SetAside | undefined } & (
  | Finding
  | { readonly kind: 'unfinished'; readonly call: UnfinishedCall }
)

/** Whether the chat, as it is now, is still to be moved. */
type Finding =
  | { readonly kind: 'may_move'; readonly departmentFrom: number | null | undefined }
  | ({ readonly kind: 'settled' } & Pick<Settlement, 'outcome' | 'reason' | 'departmentFrom'>)

/** Looks at a chat right before it is moved, together with others when there are some. */
export async function lookBeforeMoving(
  deps: LookDependencies,
  claim: ChatClaim,
  pending: PendingDecision,
): Promise<Look> {
  const shared = await deps.looks.see(claim, pending)
  if (shared.kind === 'seen') return { ...checkAgain(deps, pending, shared.chat), setAside: shared.setAside }
  if (shared.kind === 'failed') return { kind: 'unfinished', call: shared.call, setAside: shared.setAside }
  const request = { method: 'GET', path: `/chats/${claim.chatId}` } as const
  const purpose = { kind: 'look_before_move', ...servedBy(claim, pending) } as const
  const own = deps.forbidden.watch(purpose.kind, request.path)
  const call = await callHelpcrunch(deps, purpose, request, (result) =>
    own(result, judgeBodyAbout(claim.chatId, result, readChat)),
  )
  if (call.kind !== 'answered') return { kind: 'unfinished', call, setAside: undefined }
  const { setAside, verdict } = call
  if (verdict.kind !== 'done') return { kind: 'unfinished', call, setAside }
  return { ...checkAgain(deps, pending, verdict.value), setAside }
}

function checkAgain(
  deps: LookDependencies,
  { departmentId, record, putBefore }: PendingDecision,
  chat: ChatSnapshot,
): Finding {
  // By our own call when its reply was lost, whatever has become of the chat since.
  if (putBefore && chat.departmentId === departmentId)
    return { kind: 'settled', outcome: 'applied', reason: undefined, departmentFrom: undefined }
  // Whether the rule may move a routed chat was asked when it was decided; what may have changed since is the chat.
  const check = checkMove(departmentId, true, chat, record, deps.policy)
  switch (check.kind) {
    case 'move':
      return { kind: 'may_move', departmentFrom: chat.departmentId }
    case 'skip':
      return { kind: 'settled', outcome: 'skipped', reason: check.reason, departmentFrom: chat.departmentId }
    case 'unchanged':
      return { kind: 'settled', outcome: 'unchanged', reason: undefined, departmentFrom: chat.departmentId }
  }
}
