import { considerRule } from './consider-rule.ts'
import { explainConditions } from './explain-conditions.ts'
import { whyNotMatched } from './explain-why.ts'
import type { ConditionExplanation, RuleExplanation } from './explanation.ts'
import type { Facts, Lookup } from './facts.ts'
import type { RoutingCase } from './find-winner.ts'
import type { Pause } from './pause.ts'
import { type CompiledRule, type CompiledRuleset, problemOf } from './ruleset.ts'

/**
 * Explains every rule, in the order tried. `winnerKey` is the rule that `findWinner` found for the same case, or null;
 * the winner has the result `match`, and no enabled rule that was considered before it has. `openLookups` are those that
 * nobody needed to ask: what they could tell is unknown.
 */
export async function explain(
  ruleset: CompiledRuleset,
  routingCase: RoutingCase,
  winnerKey: string | null,
  openLookups: ReadonlySet<Lookup> = new Set(),
  pause?: Pause,
): Promise<RuleExplanation[]> {
  const explanations: RuleExplanation[] = []
  const winnerIndex = ruleset.rules.findIndex((compiled) => compiled.rule.document.key === winnerKey)
  for (const [index, compiled] of ruleset.rules.entries()) {
    const wonBefore = winnerIndex >= 0 && winnerIndex < index ? winnerKey : null
    const evaluation = evaluate(compiled, routingCase.facts, openLookups)
    explanations.push(explainRule(compiled, routingCase, { won: index === winnerIndex, wonBefore }, evaluation))
    await pause?.()
  }
  return explanations
}

/** Where the rule stands to the winner; `wonBefore` is the key of a winner that was tried before it. */
interface Standing {
  readonly won: boolean
  readonly wonBefore: string | null
}

type Finding = Pick<RuleExplanation, 'result' | 'why'>

function explainRule(
  compiled: CompiledRule,
  routingCase: RoutingCase,
  standing: Standing,
  evaluation: Evaluation,
): RuleExplanation {
  const { key: rule, status } = compiled.rule.document
  const conditions = evaluation.kind === 'evaluated' ? evaluation.conditions : UNKNOWN_CONDITIONS
  return { rule, status, ...findingOf(compiled, routingCase, standing, evaluation), conditions }
}

type Evaluation = { kind: 'evaluated'; conditions: ConditionExplanation } | { kind: 'broken'; problem: string }

/** Stands for the tree of a rule that cannot be evaluated. */
const UNKNOWN_CONDITIONS: ConditionExplanation = { pointer: '/conditions', all: [], result: 'unknown' }

function evaluate({ conditions }: CompiledRule, facts: Facts, openLookups: ReadonlySet<Lookup>): Evaluation {
  if (conditions.kind === 'broken') return conditions
  try {
    return { kind: 'evaluated', conditions: explainConditions(conditions, facts, openLookups) }
  } catch (error) {
    return { kind: 'broken', problem: problemOf(error) }
  }
}

function findingOf(
  { rule: { document } }: CompiledRule,
  { eventType, at }: RoutingCase,
  standing: Standing,
  evaluation: Evaluation,
): Finding {
  const isShadow = document.status === 'shadow'
  try {
    const consideration = considerRule(document, eventType, at)
    if (consideration.kind === 'not_considered') return { result: 'not_considered', why: consideration.why }
  } catch (error) {
    return { result: 'unknown', why: `Could not be evaluated: ${problemOf(error)}` }
  }
  if (standing.wonBefore !== null && !isShadow) {
    return { result: 'not_considered', why: `A rule tried earlier won: ${standing.wonBefore}.` }
  }
  if (evaluation.kind === 'broken') return { result: 'unknown', why: `Could not be evaluated: ${evaluation.problem}` }
  const { conditions } = evaluation
  if (conditions.result !== 'match') return { result: conditions.result, why: whyNotMatched(conditions) }
  return { result: 'match', why: isShadow ? whyShadowMatched(standing) : whyMatched(standing) }
}

function whyMatched({ won }: Standing): string {
  return won ? 'Won: every condition is met.' : 'Every condition is met.'
}

function whyShadowMatched({ wonBefore }: Standing): string {
  if (wonBefore === null) return 'Would have won: every condition is met, but the rule is a shadow.'
  return `Would not have won: every condition is met, but a rule tried earlier won: ${wonBefore}.`
}
