import type { BacktestReport } from '../domain/backtest.ts'
import { readBacktestRequest } from '../domain/backtest-request.ts'
import type { RoutingPolicy } from '../domain/decide.ts'
import type { Problem } from '../domain/problem.ts'
import type { LiveRule } from '../domain/rule.ts'
import type { CompiledRuleset } from '../domain/ruleset.ts'
import { createPause } from './create-pause.ts'
import type { Rulesets } from './decide-events.ts'
import { problemsOf, readGivenRules } from './read-given-rules.ts'
import type { RulesetHead } from './simulate-routing.ts'

export interface BacktestOrder {
  readonly rules: readonly LiveRule[]
  readonly defaultDepartmentId: number | undefined
  /** How many of the newest decisions. */
  readonly limit: number
}

export type BacktestRun =
  | { readonly kind: 'done'; readonly report: BacktestReport }
  /** Others are under way or waiting already. */
  | { readonly kind: 'busy' }
  /** The process is about to end. */
  | { readonly kind: 'stopped' }
  /** It was ended because it took too long, or needed too much memory. */
  | { readonly kind: 'gave_up'; readonly reason: 'too_long' | 'too_large' }

/** The port that runs a backtest beside the event loop; `adapters/backtest-runner.ts` implements it. */
export interface BacktestRunner {
  run(order: BacktestOrder): Promise<BacktestRun>
}

export interface BacktestDependencies {
  readonly runner: BacktestRunner
  readonly rulesets: Rulesets
  readonly head: RulesetHead
  readonly policy: Pick<RoutingPolicy, 'defaultDepartmentId'>
}

export type BacktestResult = BacktestRun | { readonly kind: 'invalid'; readonly problems: readonly Problem[] }

/** Tells what given rules, a draft, a change or a whole set, would have made of the newest recorded decisions. Writes nothing. */
export async function backtestRules(deps: BacktestDependencies, input: unknown): Promise<BacktestResult> {
  const request = readBacktestRequest(input)
  const given = await readGivenRules(request.rules, createPause())
  if (request.kind === 'invalid' || given.kind === 'invalid') {
    return { kind: 'invalid', problems: [...problemsOf(request), ...problemsOf(given)] }
  }
  // Where they are replaced, too: a database that is away is told at once, and not after the minute that a run may take.
  const { rules: stored } = await deps.rulesets.inForce(await deps.head.current())
  const rules = request.replace ? given.rules : merge(stored, given.rules)
  const { defaultDepartmentId } = deps.policy
  return deps.runner.run({ rules, defaultDepartmentId, limit: request.limit })
}

/** The stored rules, with the given ones in the place of those with the same key or beside them. */
function merge(stored: CompiledRuleset['rules'], given: readonly LiveRule[]): LiveRule[] {
  const both = [...stored.map(({ rule }) => rule), ...given]
  return [...new Map(both.map((rule) => [rule.document.key, rule])).values()]
}
