import { type ComparedDecision, createShadowComparison, type ShadowComparison } from '../domain/shadow-comparison.ts'
import { createPause } from './create-pause.ts'
import type { Rulesets } from './decide-events.ts'
import type { RulesetHead } from './simulate-routing.ts'

/** By the time of the decision: `from` inclusive, `to` exclusive. */
export interface TimeRange {
  readonly from: Date
  readonly to: Date
}

/** How many decisions came out so; the most frequent first. */
export interface DecisionCounts {
  readonly outcomes: readonly { readonly outcome: string; readonly count: number }[]
  /** By the department that was chosen; null is none. */
  readonly departments: readonly { readonly department: number | null; readonly count: number }[]
  /** By the rule that won; null is none. */
  readonly rules: readonly { readonly rule: string | null; readonly count: number }[]
  /** By the hour's beginning in UTC, the oldest first; hours without a decision are left out. */
  readonly hours: readonly { readonly hour: Date; readonly count: number }[]
}

export interface QueueDepth {
  /** Events that wait to be decided, or for a look-up. */
  readonly waitingEvents: number
  /** Since the oldest of them was received; null when none waits. */
  readonly oldestWaitingMs: number | null
  /** Decisions that wait for their call. */
  readonly pendingDecisions: number
  /** Jobs that could start now, those held back by the budget included. */
  readonly readyJobs: number
}

export interface BudgetState {
  /** Calls a minute. */
  readonly limit: number
  /** Calls during the last 60 seconds, of all replicas. */
  readonly used: number
  /** Null when no call is held back. */
  readonly pausedUntil: Date | null
  readonly pauseReason: string | null
}

export interface Stats extends TimeRange, DecisionCounts {
  readonly decisions: number
  readonly shadow: ShadowComparison
  readonly queue: QueueDepth
  readonly budget: BudgetState
}

/** The port this service needs; `adapters/prisma/stats-reader.ts` implements it. */
export interface StatsReader {
  counts(range: TimeRange): Promise<DecisionCounts>
  queueDepth(): Promise<QueueDepth>
  budget(): Promise<BudgetState>
  /** The newest decisions of the range. */
  newest(range: TimeRange, limit: number): Promise<readonly ComparedDecision[]>
}

export interface StatsDependencies {
  readonly stats: StatsReader
  readonly rulesets: Rulesets
  readonly head: RulesetHead
}

/** Shadows are compared with so many of the newest decisions, whatever the range. */
const COMPARED_MAX = 1_000

/** What was decided in a time range, how shadows compare with it, and how the queue and the account's budget are now. */
export async function readStats(deps: StatsDependencies, range: TimeRange): Promise<Stats> {
  const [counts, queue, budget] = await Promise.all([
    deps.stats.counts(range),
    deps.stats.queueDepth(),
    deps.stats.budget(),
  ])
  const decisions = counts.outcomes.reduce((sum, { count }) => sum + count, 0)
  const shadow = await compareShadows(deps, range, counts)
  return { ...range, decisions, ...counts, shadow, queue, budget }
}

async function compareShadows(
  { stats, rulesets, head }: StatsDependencies,
  range: TimeRange,
  { outcomes }: DecisionCounts,
): Promise<ShadowComparison> {
  const ruleset = await rulesets.inForce(await head.current())
  const comparing = createShadowComparison(ruleset)
  const anyShadow =
    ruleset.rules.some(({ rule }) => rule.document.status === 'shadow') ||
    outcomes.some(({ outcome }) => outcome === 'shadow')
  const compared = anyShadow ? await stats.newest(range, COMPARED_MAX) : []
  const pause = createPause()
  for (const past of compared) {
    await pause()
    comparing.add(past)
  }
  return comparing.result()
}
