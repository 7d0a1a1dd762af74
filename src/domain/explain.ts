import { considerRule } from './consider-rule.ts'
import { explainConditions } from './explain-conditions.ts'
import { whyNotMatched } from './explain-why.ts'
import type { ConditionExplanation, RuleExplanation } from './explanation.ts'
import { createIsOpen, type Facts, type IsOpen, type Lookup } from './facts.ts'
import type { RoutingCase } from './find-winner.ts'
import type { Pause } from './pause.ts'
import { PROSPECT, prospectOf } from './prospect.ts'
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
  const { facts } = routingCase
  const isOpen = createIsOpen(facts, openLookups)
  let mayWinBefore: string | null = null
  const winnerIndex = ruleset.rules.findIndex((compiled) => compiled.rule.document.key === winnerKey)
  for (const [index, compiled] of ruleset.rules.entries()) {
    const wonBefore = winnerIndex >= 0 && winnerIndex < index ? winnerKey : null
    const standing = { won: index === winnerIndex, wonBefore, mayWinBefore }
    const explanation = explainRule(compiled, routingCase, standing, evaluate(compiled, facts, openLookups), isOpen)
    explanations.push(explanation)
    if (mayStillWin(compiled, explanation, facts, openLookups)) mayWinBefore ??= explanation.rule
    await pause?.()
  }
  return explanations
}

/**
 * Where the rule stands to the winner; `wonBefore` is the key of a winner that was tried before it, `mayWinBefore` of a rule that
 * was, and hangs on what nobody looked up.
 */
interface Standing {
  readonly won: boolean
  readonly wonBefore: string | null
  readonly mayWinBefore: string | null
}

function mayStillWin(
  { conditions }: CompiledRule,
  { status, result }: RuleExplanation,
  facts: Facts,
  openLookups: ReadonlySet<Lookup>,
): boolean {
  if (status !== 'enabled' || result !== 'unknown' || conditions.kind === 'broken') return false
  return prospectOf(conditions, facts, openLookups) === PROSPECT.open
}

type Finding = Pick<RuleExplanation, 'result' | 'why'>

function explainRule(
  compiled: CompiledRule,
  routingCase: RoutingCase,
  standing: Standing,
  evaluation: Evaluation,
  isOpen: IsOpen,
): RuleExplanation {
  const { key: rule, status } = compiled.rule.document
  const conditions = evaluation.kind === 'evaluated' ? evaluation.conditions : UNKNOWN_CONDITIONS
  return { rule, status, ...findingOf(compiled, routingCase, standing, evaluation, isOpen), conditions }
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
  isOpen: IsOpen,
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
  if (conditions.result !== 'match') return { result: conditions.result, why: whyNotMatched(conditions, isOpen) }
  return { result: 'match', why: isShadow ? whyShadowMatched(standing) : whyMatched(standing) }
}

function whyMatched({ won, mayWinBefore }: Standing): string {
  if (won) return 'Won: every condition is met.'
  return mayWinBefore === null
    ? 'Every condition is met.'
    : `Every condition is met, but a rule tried earlier may match too: ${mayWinBefore}.`
}

function whyShadowMatched({ wonBefore, mayWinBefore }: Standing): string {
  if (wonBefore !== null)
    return `Would not have won: every condition is met, but a rule tried earlier won: ${wonBefore}.`
  if (mayWinBefore === null) return 'Would have won: every condition is met, but the rule is a shadow.'
  return `Every condition is met, but the rule is a shadow, and a rule tried earlier may match too: ${mayWinBefore}.`
}
