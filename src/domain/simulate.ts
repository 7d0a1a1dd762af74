import type { ChatSnapshot } from './chat-snapshot.ts'
import { decide, type RoutingPolicy, type RoutingRecord, type Verdict } from './decide.ts'
import { explain } from './explain.ts'
import type { RuleExplanation } from './explanation.ts'
import { createIsOpen, type Lookup } from './facts.ts'
import { findWinner, type RoutingCase } from './find-winner.ts'
import { readId } from './helpcrunch-values.ts'
import { isDecided } from './listening.ts'
import { type NearMiss, nearestMisses } from './nearest-miss.ts'
import type { Pause } from './pause.ts'
import { openFacts } from './prospect.ts'
import type { CompiledRule, CompiledRuleset } from './ruleset.ts'
import { normalText } from './text.ts'

/**
 * The decision that would be recorded: `pending` is a chat that would be moved. `unknown`: it hangs on facts that
 * nobody looked up, which only a recorded decision can have.
 */
export interface SimulatedDecision {
  readonly outcome: Verdict['outcome'] | 'unknown'
  readonly reason: Verdict['reason'] | 'facts_not_looked_up' | null
  readonly mode: RoutingPolicy['mode']
  readonly rule: { readonly key: string; readonly version: number } | null
  readonly department: { readonly from: number | null; readonly to: number | null }
}

export interface Simulation {
  readonly decision: SimulatedDecision
  /** The facts that the decision hangs on when it is `unknown`. */
  readonly missing: readonly string[]
  /** The nearest first. */
  readonly misses: readonly NearMiss[]
  /** Of every rule and condition, in the order tried. */
  readonly explanation: readonly RuleExplanation[]
}

/**
 * What a rule set makes of a case. The chat is what the facts say it is (`department`, `assignee`, `chatStatus`); our
 * own history of it is left aside, so the outcome is never `already_routed` or `moved_by_person`.
 */
export async function simulate(
  ruleset: CompiledRuleset,
  routingCase: RoutingCase,
  openLookups: ReadonlySet<Lookup>,
  policy: RoutingPolicy,
  pause?: Pause,
): Promise<Simulation> {
  const { facts } = routingCase
  const search = await findWinner(ruleset, routingCase, openLookups, pause)
  const winner = search.kind === 'settled' ? search.winner : null
  const explanation = await explain(ruleset, routingCase, winner?.rule.document.key ?? null, openLookups, pause)
  const misses = nearestMisses(explanation, createIsOpen(facts, openLookups))
  const { mode } = policy
  const from = readId(facts.department) ?? null
  if (search.kind === 'lookups_needed') {
    const decision = { outcome: 'unknown', reason: 'facts_not_looked_up', mode, rule: null } as const
    const missing = missingFacts(search.rule, routingCase, openLookups)
    return { decision: { ...decision, department: { from, to: null } }, missing, misses, explanation }
  }
  const defaultDepartmentId = isDecided(ruleset, routingCase.eventType) ? policy.defaultDepartmentId : undefined
  const chat = readChat(routingCase)
  const verdict = decide(winner, chat, NO_RECORD, { ...policy, defaultDepartmentId })
  const { outcome, reason = null, departmentId } = verdict
  const rule = winner && { key: winner.rule.document.key, version: winner.rule.version }
  const department = { from, to: departmentId ?? null }
  return { decision: { outcome, reason, mode, rule, department }, missing: [], misses, explanation }
}

const NO_RECORD: RoutingRecord = {
  originalDepartmentId: undefined,
  routedDepartmentId: undefined,
  pendingDepartmentId: undefined,
  triedDepartmentIds: [],
}

function readChat({ eventType, facts }: RoutingCase): ChatSnapshot {
  const departmentId = readId(facts.department)
  const assigneeId = readId(facts.assignee)
  const status = facts.chatStatus ?? (eventType === 'chat.closed' ? 'closed' : undefined)
  return {
    ...(typeof status === 'string' && { status: normalText(status) }),
    ...(departmentId !== undefined && { departmentId }),
    ...(assigneeId !== undefined && { assigneeId }),
  }
}

function missingFacts(
  { conditions }: CompiledRule,
  { facts }: RoutingCase,
  openLookups: ReadonlySet<Lookup>,
): readonly string[] {
  return conditions.kind === 'broken' ? [] : openFacts(conditions, facts, openLookups)
}
