import type { Problem } from '../domain/problem.ts'
import type { RuleDocument } from '../domain/rule.ts'
import { runRuleTests } from '../domain/rule-tests.ts'

/** The tests that a valid rule brings along and does not pass; a rule that has some cannot be enabled. */
export async function findRedTests(rule: RuleDocument): Promise<Problem[]> {
  const results = await runRuleTests(rule)
  return results
    .filter(({ passed }) => !passed)
    .map(({ pointer, name, expect, actual, why }) => {
      const says = `The test "${name}" expects ${expect}, but the rule says ${actual}.${why === undefined ? '' : ` ${why}`}`
      return { pointer, message: `${says} Fix the rule or the test, or set the status to "draft".` }
    })
}
