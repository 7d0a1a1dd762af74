import { leavesOf, type PreparedCondition } from '../prepared-conditions.ts'
import { describe, describeKeys } from './describe.ts'
import { type ExampleFinder, matchesExample } from './find-example.ts'
import { every, opposite } from './formula.ts'
import { conditionsFormula } from './rule-formula.ts'
import type { RuleWarning } from './rule-warning.ts'
import { exclude, type ModelledRule, type RulesModel } from './rules-model.ts'
import { solve } from './search.ts'

/** Whether some chat can match the rule; `unknown` when to find out would take too long. */
export function canMatch(model: RulesModel, rule: ModelledRule): 'yes' | 'no' | 'unknown' {
  if (rule.needs === undefined) return 'no'
  const found = solve(model.start, [rule.matches])
  if (found.kind === 'gave_up') return 'unknown'
  return found.kind === 'found' ? 'yes' : 'no'
}

/** Warns of a rule that never matches, at the conditions that contradict one another; shows what comes nearest. */
export function warnNeverMatches(model: RulesModel, examples: ExampleFinder, rule: ModelledRule): RuleWarning {
  const members = membersOf(rule.conditions)
  const culprits = smallestContradiction(model, rule, members)
  const last = culprits.at(-1) ?? rule.conditions
  const rest = members.filter((member) => member !== last).map((member) => conditionsFormula(model.space, member))
  const confirms = (witness: RuleWarning['witness']) => witness !== null && !matchesExample(rule, witness)
  const witness = examples.show([rule.occasion, ...rest], confirms) ?? examples.show([rule.occasion], confirms)
  const why =
    culprits.length === 1
      ? `this can never be true on the events it listens to: ${describe(last)}`
      : `these can never be true together: ${culprits.map(describe).join('; ')}`
  const message = `No chat can match this rule, because ${why}. Correct or remove one of its conditions.`
  const { key } = rule.document
  return { rule: key, code: 'never_matches', pointer: last.pointer, message, certainty: 'certain', others: [], witness }
}

/** What the whole rule needs, one by one. */
function membersOf(conditions: PreparedCondition): readonly PreparedCondition[] {
  return conditions.kind === 'all' ? conditions.members : [conditions]
}

/** Leaves out, one after the other, what is not needed for the contradiction. */
function smallestContradiction(
  model: RulesModel,
  rule: ModelledRule,
  members: readonly PreparedCondition[],
): readonly PreparedCondition[] {
  let left = members
  for (const member of members) {
    const fewer = left.filter((one) => one !== member)
    const formulas = fewer.map((one) => conditionsFormula(model.space, one))
    if (solve(model.start, [rule.occasion, ...formulas]).kind === 'impossible') left = fewer
  }
  return left
}

/**
 * Warns of a rule that matches every chat on its events and in its schedule, unless it says so plainly (asking about
 * nothing but the event) and stands last, as a rule for everything else should.
 */
export function warnAlwaysMatches(model: RulesModel, examples: ExampleFinder, rule: ModelledRule): RuleWarning[] {
  if (solve(model.start, [rule.occasion, opposite(rule.isTrue)]).kind !== 'impossible') return []
  const others = hiddenBy(model, rule)
  const isPlain = leavesOf(rule.conditions).every(({ leaf }) => leaf.fact === 'event')
  if (isPlain && others.length === 0) return []
  const advice =
    others.length > 0
      ? `so no chat is left for ${describeKeys(others)}. Try it last, or narrow its conditions.`
      : 'although its conditions look as if they chose. Correct them; if it is meant, ask only whether event exists.'
  const message = `This rule matches every chat whatever is known of it, ${advice}`
  const witness = examples.show([rule.matches], (one) => matchesExample(rule, one))
  const { key } = rule.document
  const pointer = '/conditions'
  return [{ rule: key, code: 'always_matches', pointer, message, certainty: 'certain', others, witness }]
}

/** The enabled rules after a rule that always matches which are only tried when it is. */
function hiddenBy(model: RulesModel, rule: ModelledRule): string[] {
  const notOn = opposite(rule.occasion)
  const after = model.rules.slice(model.rules.indexOf(rule) + 1)
  return after
    .filter((later) => later.document.status === 'enabled' && !exclude(rule, later))
    .filter(({ occasion }) => solve(model.start, [every([occasion, notOn])]).kind === 'impossible')
    .map(({ document }) => document.key)
}
