import type { CallResult } from '../domain/retry-policy.ts'
import type { ApiAddress } from './api-address.ts'
import type {
  AccountEffect,
  ApiRequest,
  CallLedger,
  CallOpening,
  CallPurpose,
  FollowUp,
  OpenCall,
  Reply,
  SetAside,
} from './call-ledger.ts'
import type { ChatClaim } from './chat-claim.ts'
import type { Log } from './log.ts'
import type { PendingDecision } from './pending-decision.ts'

/** The port to HelpCrunch itself; `adapters/helpcrunch/client.ts` implements it. Never throws for what the network or HelpCrunch did. */
export interface HelpcrunchClient {
  call(request: ApiRequest): Promise<CallResult>
}

export interface CallDependencies {
  readonly client: HelpcrunchClient
  readonly ledger: CallLedger
  readonly address: ApiAddress
  readonly log: Log
}

/** What a call for a pending decision serves. */
export function servedBy(
  claim: ChatClaim,
  { eventSeq, rulePriority }: PendingDecision,
): Pick<CallPurpose, 'chat' | 'rulePriority'> {
  return { chat: { claim, eventSeq }, rulePriority }
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

/** Retry-After counts whole seconds (RFC 9110, section 10.2.3). */
const PAUSE_MS_MIN = 1_000

const DOUBT: Doubt = {
  kind: 'try_again',
  problem: 'nothing has been there yet: HELPCRUNCH_API_URL must lead to the API, with its version',
}

/**
 * Makes one call within the account's budget, and sees that it is recorded whatever comes of it. `judgeReply` reads the reply for the caller;
 * its `kept` is recorded instead of a body that tells of others. `follow` says what follows from it.
 */
export async function callHelpcrunch<V extends AnyVerdict>(
  deps: CallDependencies,
  purpose: CallPurpose,
  request: ApiRequest,
  judgeReply: (result: CallResult) => V,
  follow?: (verdict: V | Doubt) => FollowUp | undefined,
): Promise<BudgetedCall<V | Doubt>> {
  const { opened } = purpose
  const opening = opened ? ({ kind: 'opened', call: opened } as const) : await deps.ledger.open(purpose, request)
  if (opening.kind !== 'opened') return opening
  const { call } = opening
  const startedAt = performance.now()
  const result = await deps.client.call(request)
  const durationMs = Math.round(performance.now() - startedAt)
  const verdict = await doubtNotFound(deps.address, judgeReply(result), purpose, result)
  const effect = accountEffect(verdict, result, call)
  const kept = result.kind === 'response' ? { ...result, body: verdict.kept ?? result.body } : result
  const ending = { result: kept, durationMs, problem: verdict.problem, effect }
  const reply = { call, ending, followUp: follow?.(verdict) }
  const isForCaller = purpose.recordsReply === true && verdict.kind === 'done' && effect.kind === 'none'
  const isSettled = isForCaller ? false : await deps.ledger.close(reply)
  logReply(deps.log, purpose, request, reply, verdict.kind)
  const unrecorded = isForCaller ? reply : undefined
  return { kind: 'answered', verdict, result, setAside: call.setAside, isSettled, unrecorded }
}

/** "Not found" says something of a chat only at an address where something was there. */
async function doubtNotFound<V extends AnyVerdict>(
  address: ApiAddress,
  verdict: V,
  { chat }: CallPurpose,
  result: CallResult,
): Promise<V | Doubt> {
  if (verdict.kind === 'done') address.confirm()
  const isNotFound = verdict.kind === 'refused' && result.kind === 'response' && result.status === 404
  if (!isNotFound || chat === undefined) return verdict
  return (await address.isConfirmed()) ? verdict : DOUBT
}

function accountEffect(verdict: { readonly kind: string }, result: CallResult, call: OpenCall): AccountEffect {
  // Without a reply nobody knows whether the key works again or the limit is over: the next probe will ask.
  if (result.kind === 'no_response') return { kind: 'none' }
  if (verdict.kind === 'unauthorized') return { kind: 'pause', reason: 'unauthorized', forMs: undefined }
  if (verdict.kind === 'throttled') return { kind: 'pause', reason: 'throttled', forMs: pauseToldBy(result) }
  // A 403 that is about one chat alone has not shown that the key works.
  return call.isProbe && result.status !== 403 ? { kind: 'resume' } : { kind: 'none' }
}

/** A limit that is over at once, or was over before, is none: taken at its word, it would be asked about without a pause. */
function pauseToldBy({ retryAfterMs = 0 }: Extract<CallResult, { kind: 'response' }>): number | undefined {
  return retryAfterMs >= PAUSE_MS_MIN ? retryAfterMs : undefined
}

function logReply(
  log: Log,
  { chat }: CallPurpose,
  { method, path }: ApiRequest,
  { call, ending: { result, problem, durationMs, effect } }: Reply,
  verdict: string,
): void {
  const about = { method, path, chatId: chat?.claim.chatId }
  const reply =
    result.kind === 'response' ? { status: result.status, problem } : { error: result.reason, problem: result.message }
  const fields = { ...about, attempt: call.number, ...reply, durationMs, verdict }
  if (verdict === 'try_again' || verdict === 'wrong_body') log.warn(fields, 'helpcrunch.call')
  else log.info(fields, 'helpcrunch.call')
  if (effect.kind === 'pause') {
    const { reason, forMs } = effect
    const advice = result.kind === 'response' ? ADVICE[result.status] : undefined
    log.error({ reason, forMs, ...about, ...reply, problem: advice }, 'helpcrunch.paused')
  }
  if (effect.kind === 'resume') log.info({}, 'helpcrunch.resumed')
}

/** What to do about a reply that has stopped all calls, by its status. */
const ADVICE: Readonly<Record<number, string>> = {
  401: 'HelpCrunch refuses the API key. Set HELPCRUNCH_API_KEY and restart; nothing is lost.',
  402: "The account's HelpCrunch plan has lapsed. Calls go on by themselves once it is paid; nothing is lost.",
  403: 'HelpCrunch forbids this call. Others go on if it is about this chat alone; else set another HELPCRUNCH_API_KEY and restart.',
}
