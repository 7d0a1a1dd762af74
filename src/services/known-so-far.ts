import { assembleFacts, openLookups } from '../domain/assemble-facts.ts'
import { type ChatSnapshot, readChatEvent } from '../domain/chat-snapshot.ts'
import { type CustomerProfile, recallProfile } from '../domain/customer-profile.ts'
import { isRouted } from '../domain/decide.ts'
import type { Facts, Lookup } from '../domain/facts.ts'
import { onlyPresent } from '../domain/helpcrunch-values.ts'
import { readStoredEvent } from '../domain/read-stored-event.ts'
import type { WebhookEnvelope } from '../domain/webhook-event.ts'
import type { Reply } from './call-ledger.ts'
import type { LookUpAnswer, NotNow } from './look-up.ts'
import type { WaitingEvent } from './waiting-event.ts'

/** What is known of an event's chat and customer so far, and which look-ups have been made. */
export interface Known {
  /** With its customer also where only the chat has told who that is. */
  readonly event: WaitingEvent
  readonly envelope: WebhookEnvelope
  readonly chat: ChatSnapshot
  readonly customer: CustomerProfile
  readonly made: Readonly<Record<Lookup, boolean>>
  /** When the chat was read from HelpCrunch, on this process's monotonic clock; undefined when only the event has told of it. */
  readonly chatReadAtMs: number | undefined
  /** The last look-up's reply, which nobody has recorded yet. */
  readonly unrecorded: Reply | undefined
}

/** The same as rules see it. */
export interface Seen {
  readonly event: WaitingEvent
  readonly facts: Facts
  readonly chat: ChatSnapshot
  /** The look-ups that nobody needed to make. */
  readonly openLookups: ReadonlySet<Lookup>
}

/** Tags announce their changes through `customer.tags_changed`; a new plan or locale is seen after this at the latest. */
const CUSTOMER_AGE_MS_MAX = 3_600_000
/** A chat's state in an event that took longer than this to arrive may be history. */
const LATE_MS_MAX = 3_000

/** What the event itself tells, and what is kept of its customer. */
export function whatTheEventTells(event: WaitingEvent): Known {
  const envelope = readStoredEvent(event.body)
  const chat = withoutFormerPlace(readChatEvent(envelope), event)
  return { event, envelope, chat, chatReadAtMs: undefined, unrecorded: undefined, ...recall(event, false) }
}

/** Adds what a look-up has told. */
export function addAnswer(
  known: Known,
  lookup: Lookup,
  answer: Exclude<LookUpAnswer, NotNow | { kind: 'gave_up' }>,
): Known {
  const made = { ...known.made, [lookup]: true }
  switch (answer.kind) {
    case 'customer':
      return { ...known, made, customer: answer.profile, unrecorded: answer.unrecorded }
    case 'chat': {
      const chat = { ...known.chat, ...answer.chat }
      return { ...known, made, chat, chatReadAtMs: performance.now(), unrecorded: answer.unrecorded }
    }
    case 'not_known':
      return { ...known, made, unrecorded: undefined }
  }
}

/** Adds who the customer is, and what is kept of that one. */
export function addCustomer(known: Known, event: WaitingEvent): Known {
  return { ...known, event, ...recall(event, known.made.chat) }
}

/** `planField` names the custom attribute that holds the plan. */
export function seeFacts(known: Known, planField: string): Seen {
  const { event, chat, made } = known
  const open = openLookups(made)
  const facts = assembleFacts({ ...known, chat: believedChat(known) }, planField, open)
  return { event, facts, chat, openLookups: open }
}

/** Whether the chat has been read from HelpCrunch, and has no message yet. */
export function hasNoMessage({ chat, chatReadAtMs }: Known): boolean {
  const { lastMessageText, lastMessageId } = chat
  return chatReadAtMs !== undefined && lastMessageText === undefined && lastMessageId === undefined
}

/** How long ago the chat's state was seen; undefined when nobody can tell. */
export function stateAge({ chatReadAtMs, envelope, event }: Known): number | undefined {
  if (chatReadAtMs !== undefined) return performance.now() - chatReadAtMs
  // Where it tells no time, or none that is believed, its arrival stands for it, and nobody knows how late that was.
  const tellsItsTime = envelope.createdAt?.getTime() === event.happenedAt.getTime()
  // What HelpCrunch had to send again is old, whatever the clocks say.
  const isInTime = tellsItsTime && envelope.attempts === 0 && Math.abs(event.lateMs) <= LATE_MS_MAX
  return isInTime ? event.ageMs : undefined
}

/** What is kept of the event's customer, who has to be asked for unless that is all there is. */
function recall({ customer }: WaitingEvent, chat: boolean): Pick<Known, 'customer' | 'made'> {
  const stored = customer && customer.ageMs <= CUSTOMER_AGE_MS_MAX ? customer : undefined
  const hasAll = stored?.isComplete === true && stored.profile.tags !== undefined
  return { customer: stored ? recallProfile(stored.profile) : {}, made: { customer: hasAll, chat } }
}

/** Where we have moved the chat on from, it may have been put back, or the event is from before: only a look can tell. */
function withoutFormerPlace(chat: ChatSnapshot, { record, recentMoves }: WaitingEvent): ChatSnapshot {
  const { departmentId, ...rest } = chat
  const isFormer = departmentId !== record.routedDepartmentId && recentMoves.some((id) => id === departmentId)
  return isFormer ? rest : chat
}

/**
 * The chat as rules may know it. That it has no department or no assignee is what each new chat says: worth a look, rather than
 * believed, where the event was late, or is about a chat that we have moved and may be from before.
 */
function believedChat(known: Known): ChatSnapshot {
  const { chat, chatReadAtMs, event } = known
  const isNews = !isRouted(event.record) && stateAge(known) !== undefined
  return chatReadAtMs !== undefined || isNews ? chat : onlyPresent(chat)
}
