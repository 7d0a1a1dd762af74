import { isRouted, type RoutingPolicy } from '../domain/decide.ts'
import { isDecided, mayReroute } from '../domain/listening.ts'
import type { CompiledRuleset } from '../domain/ruleset.ts'
import { type ApplyDependencies, applyPending, applyUnlessQueued, move } from './apply-decision.ts'
import type { OpenCall, Reply } from './call-ledger.ts'
import { type ChatClaim, whileClaimed } from './chat-claim.ts'
import { drawDecision, recordOf, untilChatComes } from './draw-decision.ts'
import { type EventNaming, type GatherDependencies, gatherFacts } from './gather-facts.ts'
import type { NotNow } from './look-up.ts'
import { type NewDecision, type RecordedDecision, toPending } from './new-decision.ts'
import type { PendingDecision } from './pending-decision.ts'
import { type ReadyMove, readyMove } from './ready-move.ts'
import {
  forgetStartInTrouble,
  NEVER_ENDED,
  type Postponed,
  type Postponement,
  type RulesetInForce,
  STARTS_MAX,
  type WaitingEvent,
  type WorkEnding,
} from './waiting-event.ts'

/** The port this service needs; `adapters/prisma/decision-journal.ts` implements it. Every write is fenced. */
export interface DecisionJournal extends EventNaming {
  /** Claims the chat and starts its oldest event. Without one, the claim may have come late: `startNext` looks again. One statement. */
  claimNext(chatId: number): Promise<StartedClaim | undefined>
  /** The chat's oldest waiting event by HelpCrunch's clock, its starts counted up; undefined when none waits or the claim is lost. */
  startNext(claim: ChatClaim): Promise<WaitingEvent | undefined>
  /** Does not count the event's last start. */
  forgetStart(claim: ChatClaim, event: WaitingEvent): Promise<void>
  /**
   * Ends the event and records its decision, and with it the `reply` that it hangs on. One that is pending gets a job when the
   * budget may not do for all that waits; else `move` is opened along with it, unless more events of the chat wait, or the chat's
   * state is not fresh any more. Nothing happens when the claim is lost. One statement.
   */
  record(
    claim: ChatClaim,
    event: WaitingEvent,
    decision: NewDecision,
    along: { readonly reply: Reply | undefined; readonly move: ReadyMove | undefined },
  ): Promise<RecordedDecision | undefined>
  finish(claim: ChatClaim, event: WaitingEvent, status: 'ignored' | 'set_aside', problem: string): Promise<void>
  /** Gives the event back and schedules its next run. */
  postpone(claim: ChatClaim, event: WaitingEvent, postponement: Postponement): Promise<void>
}

/** The port to the rules; `adapters/prisma/ruleset-store.ts` implements it. */
export interface Rulesets {
  inForce(ruleset: RulesetInForce): Promise<CompiledRuleset>
  /** Those that decisions have been made by. */
  at(version: number): Promise<CompiledRuleset>
}

export interface StartedClaim extends ChatClaim {
  readonly started: WaitingEvent | undefined
}

export interface DecideDependencies extends GatherDependencies, ApplyDependencies {
  readonly journal: DecisionJournal
  readonly rulesets: Rulesets
  readonly policy: RoutingPolicy
}

/** What the work on an event leads to. */
interface Step {
  readonly ending: { readonly kind: 'done' } | Postponed
  /** Its decision, when that is pending and has no job that would make the call. */
  readonly pending: PendingDecision | undefined
  /** That call, where it was opened along with the decision. */
  readonly opened?: OpenCall | undefined
  readonly hasMore: boolean
}

/**
 * Decides all waiting events of a chat, in the order in which they happened, and makes the call that follows, while it holds
 * the chat and the chat's state is fresh. Only a short budget makes calls wait for their turn.
 */
export function decideEvents(deps: DecideDependencies, chatId: number): Promise<WorkEnding> {
  const take = () => deps.journal.claimNext(chatId)
  return whileClaimed(deps.claims, take, async (claim): Promise<WorkEnding> => {
    const steps = await decideWaiting(deps, claim)
    const called = await callAfter(deps, claim, steps)
    const last = steps.at(-1)?.ending
    return called.kind === 'done' && last?.kind === 'postponed' ? last : called
  })
}

async function decideWaiting(deps: DecideDependencies, claim: StartedClaim): Promise<readonly Step[]> {
  const steps: Step[] = []
  for (let { started: event } = claim; ; event = undefined) {
    event ??= await deps.journal.startNext(claim)
    if (event === undefined) return steps
    const step = await forgetStartInTrouble(
      () => decideEvent(deps, claim, event),
      () => deps.journal.forgetStart(claim, event),
    )
    steps.push(step)
    if (!step.hasMore) return steps
  }
}

async function callAfter(deps: DecideDependencies, claim: ChatClaim, steps: readonly Step[]): Promise<WorkEnding> {
  const { pending, opened } = steps.at(-1) ?? {}
  if (pending !== undefined) return opened ? move(deps, claim, pending, { opened }) : applyPending(deps, claim, pending)
  // With nothing to decide the job has come again: after a crash between the decision and its call, maybe.
  const isUnclear = steps.length === 0 || steps.some((step) => step.pending !== undefined)
  return isUnclear ? applyUnlessQueued(deps, claim) : DONE
}

const DONE = { kind: 'done' } as const
const FINISHED: Step = { ending: DONE, pending: undefined, hasMore: true }

async function decideEvent(deps: DecideDependencies, claim: ChatClaim, event: WaitingEvent): Promise<Step> {
  if (event.starts > STARTS_MAX) return setAside(deps, claim, event)
  const ruleset = await deps.rulesets.inForce(event.ruleset)
  if (!isDecided(ruleset, event.type)) {
    await deps.journal.finish(claim, event, 'ignored', 'No enabled or shadow rule listens to this event.')
    return FINISHED
  }
  const mayLookUp = !isRouted(recordOf(deps.policy, event)) || mayReroute(ruleset, event.type)
  const gathering = await gatherFacts(deps, claim, event, ruleset, mayLookUp)
  if (gathering.kind === 'not_now') return postpone(deps, claim, event, gathering)
  const reply = gathering.kind === 'gathered' ? gathering.unrecorded : undefined
  const decision = drawDecision(deps.policy, ruleset, gathering)
  const later = decision.reason === 'default_department' ? untilChatComes(gathering) : undefined
  if (later !== undefined) {
    if (reply) await deps.ledger.close(reply)
    return postpone(deps, claim, event, later)
  }
  const step = await record(deps, claim, gathering.event, decision, reply)
  if (gathering.kind === 'gathered') {
    for (const { key: rule, problem } of gathering.search.broken) {
      deps.log.error({ eventId: event.id, chatId: claim.chatId, rule, problem }, 'rule.set_aside')
    }
  }
  return step
}

async function record(
  deps: DecideDependencies,
  claim: ChatClaim,
  event: WaitingEvent,
  decision: NewDecision,
  reply: Reply | undefined,
): Promise<Step> {
  const drawnAtMs = performance.now()
  const move = readyMove(claim.chatId, decision, event.recentMoves)
  let recorded: RecordedDecision | undefined
  try {
    recorded = await deps.journal.record(claim, event, decision, { reply, move })
  } finally {
    if (recorded === undefined && reply) await deps.ledger.close(reply) // no call is made again to learn the same
  }
  if (recorded === undefined) return FINISHED // another worker has taken the chat over, and decides
  const { outcome, reason, mode, winner, departmentFrom, departmentTo, rulesetVersion } = decision
  const names = { decisionId: Number(recorded.decisionId), eventId: event.id, type: event.type, chatId: claim.chatId }
  const rule = winner?.rule.document.key ?? null
  const ageMs = Math.round(event.ageMs)
  const what = { outcome, reason, mode, rule, departmentFrom, departmentTo, rulesetVersion, ageMs }
  if (outcome === 'failed') deps.log.error({ ...names, ...what }, 'event.decided')
  else deps.log.info({ ...names, ...what }, 'event.decided')
  const { opened, hasMore } = recorded
  return { ending: DONE, pending: toPending(event, decision, recorded, drawnAtMs), opened, hasMore }
}

async function postpone(
  deps: DecideDependencies,
  claim: ChatClaim,
  event: WaitingEvent,
  { postponement }: NotNow,
): Promise<Step> {
  if (postponement !== undefined) await deps.journal.postpone(claim, event, postponement)
  const ending: Postponed = { kind: 'postponed', call: 'look_up', waitMs: postponement?.waitMs }
  return { ending, pending: undefined, hasMore: false }
}

async function setAside(deps: DecideDependencies, claim: ChatClaim, event: WaitingEvent): Promise<Step> {
  await deps.journal.finish(claim, event, 'set_aside', NEVER_ENDED)
  deps.log.error({ eventId: event.id, type: event.type, chatId: claim.chatId, problem: NEVER_ENDED }, 'event.set_aside')
  return FINISHED
}
