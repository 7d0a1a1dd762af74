import { type ExampleFinder, matchesExample } from './find-example.ts'
import type { RuleWarning } from './rule-warning.ts'
import type { ModelledRule } from './rules-model.ts'

/** Warns of a rule whose department HelpCrunch does not have, and shows a chat that would be sent there. */
export function warnUnknownDepartment(
  examples: ExampleFinder,
  rule: ModelledRule,
  departments: ReadonlySet<number>,
): RuleWarning[] {
  const { key, department } = rule.document
  if (departments.has(department)) return []
  const known = [...departments].toSorted((a, b) => a - b)
  const message =
    `HelpCrunch has no department ${department}, so it would refuse to move a chat there. ` +
    (known.length === 0 ? 'Create one first.' : `Use one of: ${known.join(', ')}.`)
  const witness = examples.show([rule.matches], (one) => matchesExample(rule, one))
  const pointer = '/department'
  return [{ rule: key, code: 'unknown_department', pointer, message, certainty: 'certain', others: [], witness }]
}
