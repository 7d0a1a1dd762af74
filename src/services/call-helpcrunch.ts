import type { CallResult } from '../domain/retry-policy.ts'
import type { ApiAddress } from './api-address.ts'
import type { ChatClaim } from './chat-claim.ts'
import type { Log } from './log.ts'
import type { PendingDecision, Settlement } from './pending-decision.ts'
import type { LookedUpCustomer } from './waiting-event.ts'

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT'
  /** Below the API's base address: `/chats/department`. */
  readonly path: string
  readonly body?: unknown
}

/** The port to HelpCrunch itself; `adapters/helpcrunch/client.ts` implements it. Never throws for what the network or HelpCrunch did. */
export interface HelpcrunchClient {
  call(request: ApiRequest): Promise<CallResult>
}

/**
 * What a call is made for. When the budget is short, moves go before look-ups, those of the highest rule first. A look before
 * a move sets a second call of the budget aside for the move: without that, a short budget is spent on looking again and again.
 * One that is shared waits until some of the others' moves can follow as well, while what it has shown is fresh.
 */
export interface CallPurpose {
  readonly kind: 'look_up' | 'look_before_move' | 'move'
  /** For a move, and a look before it: of the rule that decided. */
  readonly rulePriority?: number
  /** For a look that is shared: how many more chats it is for. */
  readonly others?: number
  /** For a move: what the look before it has set aside. */
  readonly setAside?: SetAside | undefined
  /** For a move: its call, where the statement that recorded the decision has opened it. */
  readonly opened?: OpenCall | undefined
  /** The caller records a good reply itself, along with what it leads to. */
  readonly recordsReply?: true
  /** The chat and event it serves; absent for calls that serve no chat, such as listing the departments. */
  readonly chat?: { readonly claim: ChatClaim; readonly eventSeq: bigint }
}

/** What a call for a pending decision serves. */
export function servedBy(
  claim: ChatClaim,
  { eventSeq, rulePriority }: PendingDecision,
): Pick<CallPurpose, 'chat' | 'rulePriority'> {
  return { chat: { claim, eventSeq }, rulePriority }
}

/** A call of the budget that waits for its use; it is somebody else's when it was taken again since. */
export interface SetAside {
  readonly slot: number
  readonly takenAt: Date
}

export interface OpenCall {
  readonly attemptId: bigint
  readonly number: number
  /** The one call let through after a pause, to see whether it is over. */
  readonly isProbe: boolean
  readonly setAside: SetAside | undefined
}

export type CallOpening =
  | { readonly kind: 'opened'; readonly call: OpenCall }
  | { readonly kind: 'no_budget'; readonly waitMs: number }
  | { readonly kind: 'claim_lost' }

/** What a reply does to the account: `pause` stops every call of every replica. */
export type AccountEffect =
  | { readonly kind: 'none' }
  | { readonly kind: 'resume' }
  | { readonly kind: 'pause'; readonly reason: 'unauthorized' | 'throttled'; readonly forMs: number | undefined }

/** What follows from a reply, in the statement that records it. */
export type FollowUp =
  | { readonly kind: 'settle'; readonly settlement: Settlement }
  | { readonly kind: 'keep'; readonly customer: LookedUpCustomer }

/** What came of a call, to be recorded with what follows from it. */
export interface Reply {
  readonly call: OpenCall
  readonly ending: CallEnding
  readonly followUp: FollowUp | undefined
}

/** The port for the account's budget and the record of calls; `adapters/prisma/call-ledger.ts` implements it. */
export interface CallLedger {
  /** Takes one call of the budget and opens its attempt row, if the claim still holds: one statement, right before the call. */
  open(purpose: CallPurpose, request: ApiRequest): Promise<CallOpening>
  /** Gives back a call that is not needed after all. */
  giveBack(setAside: SetAside): Promise<void>
  /** Records what came of the call, and does what follows; false when it settles nothing, or the claim was lost. One statement. */
  close(reply: Reply): Promise<boolean>
}

/** What came of a call. */
export interface CallEnding {
  readonly result: CallResult
  readonly durationMs: number
  /** What is wrong with a reply that was a success by its status. */
  readonly problem: string | undefined
  readonly effect: AccountEffect
}

export interface CallDependencies {
  readonly client: HelpcrunchClient
  readonly ledger: CallLedger
  readonly address: ApiAddress
  readonly log: Log
}

export type BudgetedCall<V> =
  | {
      readonly kind: 'answered'
      readonly verdict: V
      readonly result: CallResult
      readonly setAside: SetAside | undefined
      readonly isSettled: boolean
      /** For the caller to record: a good reply, where the purpose says so. */
      readonly unrecorded: Reply | undefined
    }
  | Exclude<CallOpening, { kind: 'opened' }>

interface AnyVerdict {
  readonly kind: string
  readonly problem?: string
  readonly kept?: string
}

/** A refusal of which nobody knows yet whether it is HelpCrunch's. */
type Doubt = { readonly kind: 'try_again'; readonly problem: string; readonly kept?: undefined }

const DOUBT: Doubt = {
  kind: 'try_again',
  problem: 'nothing has been there yet: HELPCRUNCH_API_URL must lead to the API, with its version',
}

/**
 * Makes one call within the account's budget, and sees that it is recorded whatever comes of it. `judgeReply` reads the reply for the caller;
 * its `kept` is recorded instead of a body that tells of others. `follow` says what follows from it.
 */
export async function callHelpcrunch<V extends AnyVerdict>(
  { client, ledger, address, log }: CallDependencies,
  purpose: CallPurpose,
  request: ApiRequest,
  judgeReply: (result: CallResult) => V,
  follow?: (verdict: V | Doubt) => FollowUp | undefined,
): Promise<BudgetedCall<V | Doubt>> {
  const { opened } = purpose
  const opening = opened ? ({ kind: 'opened', call: opened } as const) : await ledger.open(purpose, request)
  if (opening.kind !== 'opened') return opening
  const startedAt = performance.now()
  const result = await client.call(request)
  const durationMs = Math.round(performance.now() - startedAt)
  const judged = judgeReply(result)
  if (judged.kind === 'done') address.confirm()
  const isNotFound = result.kind === 'response' && result.status === 404 && judged.kind === 'refused'
  const isDoubtful = isNotFound && purpose.chat !== undefined && !(await address.isConfirmed())
  const verdict = isDoubtful ? DOUBT : judged
  const effect = accountEffect(verdict, result, opening.call)
  const recorded = result.kind === 'response' ? { ...result, body: verdict.kept ?? result.body } : result
  const ending = { result: recorded, durationMs, problem: verdict.problem, effect }
  const answer = { call: opening.call, ending, followUp: follow?.(verdict) }
  const isForCaller = purpose.recordsReply === true && verdict.kind === 'done' && effect.kind === 'none'
  const isSettled = isForCaller ? false : await ledger.close(answer)
  const { method, path } = request
  const chatId = purpose.chat?.claim.chatId
  const reply =
    result.kind === 'response'
      ? { status: result.status, problem: verdict.problem }
      : { error: result.reason, problem: result.message }
  const fields = { method, path, chatId, attempt: opening.call.number, ...reply, durationMs, verdict: verdict.kind }
  if (verdict.kind === 'try_again' || verdict.kind === 'wrong_body') log.warn(fields, 'helpcrunch.call')
  else log.info(fields, 'helpcrunch.call')
  if (effect.kind === 'pause') {
    const { reason, forMs } = effect
    const problem = result.kind === 'response' ? PROBLEMS[result.status] : undefined
    log.error({ reason, forMs, method, path, chatId, ...reply, problem }, 'helpcrunch.paused')
  }
  if (effect.kind === 'resume') log.info({}, 'helpcrunch.resumed')
  const unrecorded = isForCaller ? answer : undefined
  return { kind: 'answered', verdict, result, setAside: opening.call.setAside, isSettled, unrecorded }
}

/** What to do about a reply that has stopped all calls, by its status. */
const PROBLEMS: Readonly<Record<number, string>> = {
  401: 'HelpCrunch refuses the API key. Set HELPCRUNCH_API_KEY and restart; nothing is lost.',
  402: "The account's HelpCrunch plan has lapsed. Calls go on by themselves once it is paid; nothing is lost.",
  403: 'HelpCrunch forbids this call. Others go on if it is about this chat alone; else set another HELPCRUNCH_API_KEY and restart.',
}

function accountEffect(verdict: { readonly kind: string }, result: CallResult, call: OpenCall): AccountEffect {
  // Without a reply nobody knows whether the key works again or the limit is over: the next probe will ask.
  if (result.kind === 'no_response') return { kind: 'none' }
  if (verdict.kind === 'unauthorized') return { kind: 'pause', reason: 'unauthorized', forMs: undefined }
  if (verdict.kind === 'throttled') return { kind: 'pause', reason: 'throttled', forMs: result.retryAfterMs }
  // A 403 that is about one chat alone has not shown that the key works.
  return call.isProbe && result.status !== 403 ? { kind: 'resume' } : { kind: 'none' }
}
