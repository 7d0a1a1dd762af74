import { type ChatSnapshot, readChat } from '../domain/chat-snapshot.ts'
import { type CustomerProfile, readCustomer } from '../domain/customer-profile.ts'
import type { Lookup } from '../domain/facts.ts'
import {
  type CallResult,
  DEFAULT_RETRY_POLICY,
  judgeBodyAbout,
  NOT_YET_MS_MAX,
  nextStep,
} from '../domain/retry-policy.ts'
import { callHelpcrunch } from './call-helpcrunch.ts'
import type { FollowUp, Reply } from './call-ledger.ts'
import type { ChatClaim } from './chat-claim.ts'
import { type ChatCallDependencies, waitAfter } from './forbidden-calls.ts'
import type { Postponement, WaitingEvent } from './waiting-event.ts'

export interface LookUpDependencies extends ChatCallDependencies {
  readonly random: () => number
}

/** The look-up cannot be made now; `postponement` is undefined when another worker has taken the chat over. */
export interface NotNow {
  readonly kind: 'not_now'
  readonly postponement: Postponement | undefined
}

export type LookUpAnswer =
  | { readonly kind: 'customer'; readonly profile: CustomerProfile; readonly unrecorded: Reply | undefined }
  | { readonly kind: 'chat'; readonly chat: ChatSnapshot; readonly unrecorded: Reply | undefined }
  /** HelpCrunch does not know it: the facts stay unknown, the decision goes on. */
  | { readonly kind: 'not_known' }
  | { readonly kind: 'gave_up' }
  | NotNow

const NOT_YET_DELAY_MS_MIN = 1_000

/** Asks HelpCrunch for the event's customer or chat, once. What it has told is for the caller to record. */
export async function lookUp(
  deps: LookUpDependencies,
  claim: ChatClaim,
  event: WaitingEvent,
  lookup: Lookup,
): Promise<LookUpAnswer> {
  if (lookup === 'chat') {
    const reply = await ask(deps, claim, event, { path: '/chats', id: claim.chatId }, readChat)
    return reply.kind === 'told' ? { kind: 'chat', chat: reply.value, unrecorded: reply.unrecorded } : reply
  }
  const { customerId } = event
  if (customerId === undefined) return { kind: 'not_known' }
  const keep = (profile: CustomerProfile): FollowUp => {
    return { kind: 'keep', customer: { id: customerId, profile, knownRevision: event.customer?.revision } }
  }
  const reply = await ask(deps, claim, event, { path: '/customers', id: customerId }, readCustomer, keep)
  return reply.kind === 'told' ? { kind: 'customer', profile: reply.value, unrecorded: reply.unrecorded } : reply
}

async function ask<T>(
  deps: LookUpDependencies,
  claim: ChatClaim,
  event: WaitingEvent,
  subject: { readonly path: string; readonly id: number },
  read: (json: unknown) => T | undefined,
  follow?: (value: T) => FollowUp,
): Promise<
  { kind: 'told'; value: T; unrecorded: Reply | undefined } | Exclude<LookUpAnswer, { kind: 'customer' | 'chat' }>
> {
  const path = `${subject.path}/${subject.id}`
  const purpose = { kind: 'look_up', recordsReply: true, chat: { claim, eventSeq: event.seq } } as const
  const own = deps.forbidden.watch(purpose.kind, path)
  const call = await callHelpcrunch(
    deps,
    purpose,
    { method: 'GET', path },
    (result) => own(result, judgeBodyAbout(subject.id, result, read)),
    (verdict) => (verdict.kind === 'done' ? follow?.(verdict.value) : undefined),
  )
  if (call.kind === 'claim_lost') return { kind: 'not_now', postponement: undefined }
  if (call.kind === 'no_budget') {
    return { kind: 'not_now', postponement: deps.forbidden.waitForTurn(path, call.waitMs) }
  }
  switch (call.verdict.kind) {
    case 'done':
      return { kind: 'told', value: call.verdict.value, unrecorded: call.unrecorded }
    case 'refused':
      return (isMissing(call.result) && notYet(event)) || { kind: 'not_known' }
    case 'unauthorized':
    case 'throttled':
      return { kind: 'not_now', postponement: waitAfter(call.result) }
    case 'try_again':
    case 'wrong_body': {
      const { tries, elapsedMs } = event.retry
      const step = nextStep(DEFAULT_RETRY_POLICY, tries + 1, elapsedMs, deps.random, call.result)
      if (step.kind === 'give_up') return { kind: 'gave_up' }
      return { kind: 'not_now', postponement: { delayMs: step.delayMs, countsAsTry: true } }
    }
  }
}

function isMissing(result: CallResult): boolean {
  return result.kind === 'response' && result.status === 404
}

/** To be asked again 1, 2, 4 and 8 s after the event, so five times in all; undefined when it has been long enough. */
export function notYet({ ageMs }: WaitingEvent): NotNow | undefined {
  if (ageMs >= NOT_YET_MS_MAX) return undefined
  const delayMs = Math.min(Math.max(NOT_YET_DELAY_MS_MIN, ageMs), NOT_YET_MS_MAX - ageMs)
  return { kind: 'not_now', postponement: { delayMs, countsAsTry: false } }
}
