import type { PreparedCondition, PreparedGroup } from '../prepared-conditions.ts'
import { describe } from './describe.ts'
import { type ExampleFinder, matchesExample } from './find-example.ts'
import { opposite } from './formula.ts'
import { conditionsFormula } from './rule-formula.ts'
import type { RuleWarning } from './rule-warning.ts'
import type { ModelledRule, RulesModel } from './rules-model.ts'
import { type Budget, QUESTION_STEPS, solve } from './search.ts'

/**
 * Warns of conditions without which the rule matches the same chats. Of two that say the same, the later one is named;
 * of a group and its members, the group.
 */
export function warnRedundant(model: RulesModel, examples: ExampleFinder, rule: ModelledRule): RuleWarning[] {
  const pruning: Pruning = { model, rule, leftOut: new Set(), budget: { stepsLeft: RULE_STEPS } }
  return redundantIn(pruning, rule.conditions).map((condition) => warnAbout(model, examples, rule, condition))
}

/** For all the questions about a rule together: each of up to a hundred comparisons asks two. */
const RULE_STEPS = 5 * QUESTION_STEPS

interface Pruning {
  readonly model: RulesModel
  readonly rule: ModelledRule
  /** Where the conditions found to be redundant are: what follows is judged without them. */
  readonly leftOut: Set<string>
  readonly budget: Budget
}

function redundantIn(pruning: Pruning, condition: PreparedCondition): PreparedCondition[] {
  if (condition.kind === 'leaf') return []
  if (condition.kind === 'not') return redundantIn(pruning, condition.member)
  return condition.members.toReversed().flatMap((member) => {
    if (!isRedundant(pruning, condition, member)) return redundantIn(pruning, member)
    pruning.leftOut.add(member.pointer)
    return [member]
  })
}

/** Both on its own and after what was found before: whoever reads the warnings may follow one of them, or all. */
function isRedundant(pruning: Pruning, group: PreparedGroup, member: PreparedCondition): boolean {
  const { leftOut } = pruning
  const others = group.members.filter(({ pointer }) => pointer !== member.pointer && !leftOut.has(pointer))
  if (others.length === 0 || !changesNothing(pruning, leftOut, member)) return false
  return leftOut.size === 0 || changesNothing(pruning, new Set(), member)
}

function changesNothing(
  { model, rule, budget }: Pruning,
  leftOut: ReadonlySet<string>,
  { pointer }: PreparedCondition,
): boolean {
  const before = conditionsFormula(model.space, rule.conditions, leftOut)
  const after = conditionsFormula(model.space, rule.conditions, new Set([...leftOut, pointer]))
  const differences = [
    [before, opposite(after)],
    [after, opposite(before)],
  ]
  return differences.every((both) => solve(model.start, [rule.occasion, ...both], budget).kind === 'impossible')
}

function warnAbout(
  model: RulesModel,
  examples: ExampleFinder,
  rule: ModelledRule,
  condition: PreparedCondition,
): RuleWarning {
  const { pointer } = condition
  const itself = conditionsFormula(model.space, condition)
  const confirms = (one: RuleWarning['witness']) => one !== null && matchesExample(rule, one)
  const isEverTrue = solve(model.start, [rule.occasion, itself]).kind !== 'impossible'
  const because = isEverTrue ? 'the other conditions decide without it' : 'it can never be true'
  const message =
    `This condition changes nothing, as ${because}: ${describe(condition)}. ` +
    'Remove it, or correct it if something else was meant.'
  const witness = examples.show([rule.matches, itself], confirms) ?? examples.show([rule.matches], confirms)
  const { key } = rule.document
  return { rule: key, code: 'redundant_condition', pointer, message, certainty: 'certain', others: [], witness }
}
