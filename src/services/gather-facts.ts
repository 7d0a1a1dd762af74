import { assembleFacts, openLookups } from '../domain/assemble-facts.ts'
import { type ChatSnapshot, readChatEvent } from '../domain/chat-snapshot.ts'
import { type CustomerProfile, recallProfile } from '../domain/customer-profile.ts'
import { isRouted } from '../domain/decide.ts'
import type { Facts, Lookup } from '../domain/facts.ts'
import { findWinner, type WinnerSearch } from '../domain/find-winner.ts'
import { hangsOnMessage } from '../domain/hangs-on-message.ts'
import { onlyPresent } from '../domain/helpcrunch-values.ts'
import { readStoredEvent } from '../domain/read-stored-event.ts'
import type { CompiledRuleset } from '../domain/ruleset.ts'
import type { WebhookEnvelope } from '../domain/webhook-event.ts'
import type { Reply } from './call-helpcrunch.ts'
import type { ChatClaim } from './chat-claim.ts'
import { type LookUpAnswer, type LookUpDependencies, lookUp, type NotNow, notYet } from './look-up.ts'
import type { WaitingEvent } from './waiting-event.ts'

/** The port this service needs; `adapters/prisma/decision-journal.ts` implements it. */
export interface EventNaming {
  /** Notes who the event's customer is, and gives the event with what is known of that one; undefined when the claim is lost. One statement. */
  nameCustomer(claim: ChatClaim, event: WaitingEvent, customerId: number): Promise<WaitingEvent | undefined>
}

export interface GatherDependencies extends LookUpDependencies {
  readonly journal: EventNaming
  /** The custom attribute that holds the customer's plan. */
  readonly planField: string
}

/**
 * `stateAgeMs` is how long ago the chat's state was seen; undefined when nobody can tell. `event` has its customer also where only
 * the chat has told who that is.
 */
export type Gathering =
  | {
      readonly kind: 'gathered'
      readonly event: WaitingEvent
      readonly facts: Facts
      readonly chat: ChatSnapshot
      readonly stateAgeMs: number | undefined
      /** The look-ups that nobody needed to make. */
      readonly openLookups: ReadonlySet<Lookup>
      readonly search: Extract<WinnerSearch, { kind: 'settled' }>
      /** The last look-up's, to be recorded along with the decision. */
      readonly unrecorded: Reply | undefined
    }
  | {
      /** `gave_up`: a look-up failed for good. `left_open`: there may be none, and no winner without. */
      readonly kind: 'gave_up' | 'left_open'
      readonly event: WaitingEvent
      readonly facts: Facts
      readonly chat: ChatSnapshot
      readonly openLookups: ReadonlySet<Lookup>
    }
  | NotNow

/** Tags announce their changes through `customer.tags_changed`; a new plan or locale is seen after this at the latest. */
const CUSTOMER_AGE_MS_MAX = 3_600_000
/** A chat's state in an event that took longer than this to arrive may be history. */
const LATE_MS_MAX = 3_000

/** Searches for the winner, looking up what a rule that can still win asks for, and nothing else; nothing at all without `mayLookUp`. */
export async function gatherFacts(
  deps: GatherDependencies,
  claim: ChatClaim,
  started: WaitingEvent,
  ruleset: CompiledRuleset,
  mayLookUp: boolean,
): Promise<Gathering> {
  let event = started
  let known = whatTheEventTells(event)
  let unrecorded: Reply | undefined
  for (;;) {
    const open = openLookups(known.made)
    const facts = assembleFacts({ ...known, chat: believedChat(known, event) }, deps.planField, open)
    const routingCase = { eventType: event.type, at: event.happenedAt, facts }
    const search = await findWinner(ruleset, routingCase, open)
    const { chat } = known
    if (search.kind === 'settled') {
      const hasNone = facts.message === undefined && hasNoMessage(known)
      const mayCome = hasNone && (await hangsOnMessage(ruleset, routingCase, open))
      const again = mayCome ? notYet(event) : undefined
      if (again !== undefined) {
        if (unrecorded) await deps.ledger.close(unrecorded)
        return again
      }
      return {
        kind: 'gathered',
        event,
        facts,
        chat,
        search,
        openLookups: open,
        stateAgeMs: stateAge(known, event),
        unrecorded,
      }
    }
    if (!mayLookUp) return { kind: 'left_open', event, facts, chat, openLookups: open }
    // One at a time: what it tells may make the next one needless.
    const [wanted] = search.lookups
    if (wanted === undefined) throw new Error('A search asks for look-ups, and names none.')
    // Of a customer whom the event does not name, the chat knows who it is.
    const lookup = event.customerId === undefined && !known.made.chat ? 'chat' : wanted
    if (unrecorded) await deps.ledger.close(unrecorded)
    const answer = await lookUp(deps, claim, event, lookup)
    if (answer.kind === 'not_now') return answer
    if (answer.kind === 'gave_up') return { kind: 'gave_up', event, facts, chat, openLookups: open }
    known = addAnswer(known, lookup, answer)
    unrecorded = answer.kind === 'not_known' ? undefined : answer.unrecorded
    if (event.customerId === undefined && known.chat.customerId !== undefined) {
      event = (await deps.journal.nameCustomer(claim, event, known.chat.customerId)) ?? event
      known = { ...known, ...recall(event, known.made.chat) }
    }
  }
}

/** What is known so far, and which look-ups have been made. */
interface Known {
  readonly envelope: WebhookEnvelope
  readonly chat: ChatSnapshot
  readonly customer: CustomerProfile
  readonly made: Readonly<Record<Lookup, boolean>>
  /** When the chat was read from HelpCrunch, on this process's monotonic clock; undefined when only the event has told of it. */
  readonly chatReadAtMs: number | undefined
}

function whatTheEventTells(event: WaitingEvent): Known {
  const envelope = readStoredEvent(event.body)
  const chat = withoutFormerPlace(readChatEvent(envelope), event)
  return { envelope, chat, chatReadAtMs: undefined, ...recall(event, false) }
}

/** Where we have moved the chat on from, it may have been put back, or the event is from before: only a look can tell. */
function withoutFormerPlace(chat: ChatSnapshot, { record, recentMoves }: WaitingEvent): ChatSnapshot {
  const { departmentId, ...rest } = chat
  const isFormer = departmentId !== record.routedDepartmentId && recentMoves.some((id) => id === departmentId)
  return isFormer ? rest : chat
}

/** What is kept of the event's customer, who has to be asked for unless that is all there is. */
function recall({ customer }: WaitingEvent, chat: boolean): Pick<Known, 'customer' | 'made'> {
  const stored = customer && customer.ageMs <= CUSTOMER_AGE_MS_MAX ? customer : undefined
  const hasAll = stored?.isComplete === true && stored.profile.tags !== undefined
  return { customer: stored ? recallProfile(stored.profile) : {}, made: { customer: hasAll, chat } }
}

/**
 * The chat as rules may know it. That it has no department or no assignee is what each new chat says: worth a look, rather than
 * believed, where the event was late, or is about a chat that we have moved and may be from before.
 */
function believedChat(known: Known, event: WaitingEvent): ChatSnapshot {
  const { chat, chatReadAtMs } = known
  const isNews = !isRouted(event.record) && stateAge(known, event) !== undefined
  return chatReadAtMs !== undefined || isNews ? chat : onlyPresent(chat)
}

/** Whether the chat has been read from HelpCrunch, and has no message yet. */
function hasNoMessage({ chat, chatReadAtMs }: Known): boolean {
  const { lastMessageText, lastMessageId } = chat
  return chatReadAtMs !== undefined && lastMessageText === undefined && lastMessageId === undefined
}

type Told = Exclude<LookUpAnswer, NotNow | { kind: 'gave_up' }>

function addAnswer(known: Known, lookup: Lookup, answer: Told): Known {
  const made = { ...known.made, [lookup]: true }
  switch (answer.kind) {
    case 'customer':
      return { ...known, made, customer: answer.profile }
    case 'chat':
      return { ...known, made, chat: { ...known.chat, ...answer.chat }, chatReadAtMs: performance.now() }
    case 'not_known':
      return { ...known, made }
  }
}

function stateAge({ chatReadAtMs, envelope }: Known, event: WaitingEvent): number | undefined {
  if (chatReadAtMs !== undefined) return performance.now() - chatReadAtMs
  // What HelpCrunch had to send again is old, whatever the clocks say.
  return envelope.attempts === 0 && Math.abs(event.lateMs) <= LATE_MS_MAX ? event.ageMs : undefined
}
