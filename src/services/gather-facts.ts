import type { Lookup } from '../domain/facts.ts'
import { findWinner, type RoutingCase, type WinnerSearch } from '../domain/find-winner.ts'
import { hangsOnMessage } from '../domain/hangs-on-message.ts'
import type { CompiledRuleset } from '../domain/ruleset.ts'
import type { Reply } from './call-ledger.ts'
import type { ChatClaim } from './chat-claim.ts'
import {
  addAnswer,
  addCustomer,
  hasNoMessage,
  type Known,
  type Seen,
  seeFacts,
  stateAge,
  whatTheEventTells,
} from './known-so-far.ts'
import { type LookUpDependencies, lookUp, type NotNow, notYet } from './look-up.ts'
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

export type Gathering =
  | (Seen & {
      readonly kind: 'gathered'
      /** How long ago the chat's state was seen; undefined when nobody can tell. */
      readonly stateAgeMs: number | undefined
      readonly search: Extract<WinnerSearch, { kind: 'settled' }>
      /** The last look-up's, to be recorded along with the decision. */
      readonly unrecorded: Reply | undefined
    })
  /** `gave_up`: a look-up failed for good. `left_open`: there may be none, and no winner without. */
  | (Seen & { readonly kind: 'gave_up' | 'left_open' })
  | NotNow

/** Searches for the winner, looking up what a rule that can still win asks for, and nothing else; nothing at all without `mayLookUp`. */
export async function gatherFacts(
  deps: GatherDependencies,
  claim: ChatClaim,
  event: WaitingEvent,
  ruleset: CompiledRuleset,
  mayLookUp: boolean,
): Promise<Gathering> {
  let known = whatTheEventTells(event)
  for (;;) {
    const seen = seeFacts(known, deps.planField)
    const search = await findWinner(ruleset, caseOf(seen), seen.openLookups)
    if (search.kind === 'settled') {
      const later = await untilMessageComes(ruleset, known, seen)
      if (later === undefined) {
        return { kind: 'gathered', ...seen, search, stateAgeMs: stateAge(known), unrecorded: known.unrecorded }
      }
      await recordReply(deps, known)
      return later
    }
    if (!mayLookUp) return { kind: 'left_open', ...seen }
    const lookup = nextLookUp(known, search.lookups)
    await recordReply(deps, known)
    const answer = await lookUp(deps, claim, known.event, lookup)
    if (answer.kind === 'not_now') return answer
    if (answer.kind === 'gave_up') return { kind: 'gave_up', ...seen }
    known = await nameCustomer(deps, claim, addAnswer(known, lookup, answer))
  }
}

function caseOf({ event, facts }: Seen): RoutingCase {
  return { eventType: event.type, at: event.happenedAt, facts }
}

/** A chat may be told of before its first message, which may make another rule win. */
async function untilMessageComes(ruleset: CompiledRuleset, known: Known, seen: Seen): Promise<NotNow | undefined> {
  if (seen.facts.message !== undefined || !hasNoMessage(known)) return undefined
  return (await hangsOnMessage(ruleset, caseOf(seen), seen.openLookups)) ? notYet(known.event) : undefined
}

/** One at a time: what it tells may make the next one needless. */
function nextLookUp({ event, made }: Known, lookups: ReadonlySet<Lookup>): Lookup {
  // Of a customer whom the event does not name, the chat knows who it is.
  if (event.customerId === undefined && !made.chat) return 'chat'
  const [wanted] = lookups
  if (wanted === undefined) throw new Error('A search asks for look-ups, and names none.')
  return wanted
}

/** Notes whose chat it is, where the event did not say so, and the chat has. */
async function nameCustomer(deps: GatherDependencies, claim: ChatClaim, known: Known): Promise<Known> {
  const { event, chat } = known
  if (event.customerId !== undefined || chat.customerId === undefined) return known
  return addCustomer(known, (await deps.journal.nameCustomer(claim, event, chat.customerId)) ?? event)
}

async function recordReply(deps: GatherDependencies, { unrecorded }: Known): Promise<void> {
  if (unrecorded) await deps.ledger.close(unrecorded)
}
