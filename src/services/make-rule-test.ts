import { explainConditions } from '../domain/explain-conditions.ts'
import { type FactValue, type Lookup, readFact } from '../domain/facts.ts'
import { onlyPresent } from '../domain/helpcrunch-values.ts'
import { leavesOf } from '../domain/prepared-conditions.ts'
import type { RuleTest } from '../domain/rule.ts'
import { runRuleTests } from '../domain/rule-tests.ts'
import { brokenSchedule, type CompiledRule } from '../domain/ruleset.ts'
import { isOpen } from '../domain/schedule.ts'
import type { Rulesets } from './decide-events.ts'
import type { DecisionReader, ReplayableDecision } from './read-decision.ts'

export type RuleTestMaking =
  | { readonly kind: 'made'; readonly rule: string; readonly test: RuleTest }
  | { readonly kind: 'no_such_decision' }
  /** Its customer's data was erased. */
  | { readonly kind: 'erased' }
  /** No rule won, and none was named. */
  | { readonly kind: 'which_rule' }
  /** The rule was not among those of the decision. */
  | { readonly kind: 'no_such_rule'; readonly key: string }
  /** This version of the service cannot evaluate the rule. */
  | { readonly kind: 'broken'; readonly key: string; readonly problem: string }
  /** The rule hangs on these facts, and a test cannot say that they may yet be looked up. */
  | { readonly kind: 'not_looked_up'; readonly key: string; readonly facts: readonly string[] }

/**
 * Makes a test from a recorded decision: it expects of the rule that won, or of the one named, what this rule said then.
 * It holds only the facts which the rule asks about, so that nobody's address ends in a rule file.
 */
export async function makeRuleTest(
  { decisions, rulesets }: { readonly decisions: DecisionReader; readonly rulesets: Rulesets },
  id: bigint,
  ruleKey: string | undefined,
): Promise<RuleTestMaking> {
  const decision = await decisions.find(id)
  if (decision === undefined) return { kind: 'no_such_decision' }
  if (decision.erasedAt !== null) return { kind: 'erased' }
  const key = ruleKey ?? decision.rule?.key
  if (key === undefined) return { kind: 'which_rule' }
  const { rules } = await rulesets.at(decision.rulesetVersion)
  const compiled = rules.find(({ rule }) => rule.document.key === key)
  if (compiled === undefined) return { kind: 'no_such_rule', key }
  const problem = brokenBecause(compiled)
  if (problem !== undefined) return { kind: 'broken', key, problem }
  const missing = factsNotLookedUp(compiled, decision)
  if (missing.length > 0) return { kind: 'not_looked_up', key, facts: missing }
  const { document } = compiled.rule
  const test: RuleTest = {
    name: `Decision ${id} about chat ${decision.chatId}`,
    facts: factsAskedAbout(compiled, decision),
    ...(document.schedule && { at: decision.happenedAt.toISOString() }),
    expect: 'match',
  }
  const [result] = await runRuleTests({ ...document, tests: [test] })
  return { kind: 'made', rule: key, test: { ...test, expect: result?.actual ?? 'unknown' } }
}

function brokenBecause({ conditions, rule }: CompiledRule): string | undefined {
  return conditions.kind === 'broken' ? conditions.problem : brokenSchedule(rule.document)
}

/** What nobody had looked up, where the rule would say something else if there were nothing to look up. */
function factsNotLookedUp(
  { conditions, rule }: CompiledRule,
  { facts, happenedAt, openLookups }: ReplayableDecision,
): readonly string[] {
  const { schedule } = rule.document
  if (conditions.kind === 'broken' || (schedule !== undefined && !isOpen(schedule, happenedAt))) return []
  const judge = (open: ReadonlySet<Lookup>) => explainConditions(conditions, facts, open).result
  if (judge(openLookups) === judge(new Set())) return []
  const missing = leavesOf(conditions).filter(
    ({ leaf, lookup }) => lookup !== undefined && openLookups.has(lookup) && readFact(facts, leaf.fact) === undefined,
  )
  return [...new Set(missing.map(({ leaf }) => leaf.fact))]
}

function factsAskedAbout({ conditions }: CompiledRule, { facts }: ReplayableDecision): RuleTest['facts'] {
  if (conditions.kind === 'broken') return {}
  const names = new Set(leavesOf(conditions).map(({ leaf }) => leaf.fact))
  return Object.fromEntries(
    Object.entries(onlyPresent(facts))
      .filter(([name]) => names.has(name))
      .map(copy),
  )
}

function copy([name, value]: [string, FactValue]): [string, RuleTest['facts'][string]] {
  return [name, typeof value === 'object' ? [...value] : value]
}
