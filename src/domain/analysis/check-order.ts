import { describeKeys, joined } from './describe.ts'
import { type ExampleFinder, matchesExample } from './find-example.ts'
import type { RuleWarning, Witness } from './rule-warning.ts'
import { exclude, type ModelledRule, type RulesModel, rivalsOf } from './rules-model.ts'

/**
 * Warns where only the alphabetical order of keys decides: of a rule and those after it with the same priority and
 * another department that can match a chat which the rule would win. Rules with different priorities were put in order
 * by somebody. It names at most ten; `concerns` says which of the later rules to look at.
 */
export function warnOrderDecides(
  model: RulesModel,
  examples: ExampleFinder,
  rule: ModelledRule,
  concerns: (later: ModelledRule) => boolean,
): RuleWarning[] {
  const rivals = rivalsOf(model, rule)
  const certain: Clash[] = []
  const possible: Clash[] = []
  for (const later of equalsAfter(model, rule)) {
    if (certain.length === OTHERS_MAX) break
    if (!concerns(later)) continue
    const confirms = (one: Witness) => matchesExample(rule, one) && matchesExample(later, one)
    const example = examples.find([rule.matches, later.matches], confirms, rivals)
    if (example.kind === 'found') certain.push({ later, witness: example.witness })
    if (example.kind === 'text') possible.push({ later, witness: null })
  }
  return [...warning(rule, certain, 'certain'), ...warning(rule, possible, 'may')]
}

/** Where all rules share one priority, each would name hundreds, which is no news and takes long to find. */
const OTHERS_MAX = 10

/** Drafts and shadows count as if they were enabled, but not against one another. */
function equalsAfter(model: RulesModel, rule: ModelledRule): readonly ModelledRule[] {
  const { priority, department, status } = rule.document
  return model.rules
    .slice(model.rules.indexOf(rule) + 1)
    .filter(({ document }) => document.priority === priority && document.department !== department)
    .filter(({ document }) => status === 'enabled' || document.status === 'enabled')
    .filter((later) => !exclude(rule, later))
}

interface Clash {
  readonly later: ModelledRule
  readonly witness: Witness | null
}

function warning(rule: ModelledRule, clashes: readonly Clash[], certainty: RuleWarning['certainty']): RuleWarning[] {
  const [first] = clashes
  if (first === undefined) return []
  const { key, priority, department } = rule.document
  const others = clashes.map(({ later }) => later.document.key)
  const departments = [...new Set(clashes.map(({ later }) => String(later.document.department)))]
  const can = certainty === 'certain' ? 'can' : 'may'
  const all = others.length === 1 ? 'Both' : 'All'
  const message =
    `This rule and ${describeKeys(others)} ${can} match the same chat and send it to different departments ` +
    `(${department}, not ${joined(departments, 'or')}). ${all} have priority ${priority}, so the first key in the ` +
    'alphabet wins. Give the rule that should win a higher priority.'
  const { witness } = first
  return [{ rule: key, code: 'order_decides', pointer: '/priority', message, certainty, others, witness }]
}
