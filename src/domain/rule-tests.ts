import { compileRule } from './compile-rule.ts'
import type { Conditions } from './conditions.ts'
import { whyClosed } from './consider-rule.ts'
import type { Facts } from './facts.ts'
import { prepareConditions } from './prepared-conditions.ts'
import type { MatchResult, RuleDocument } from './rule.ts'

/** How one of a rule's own tests came out; `pointer` leads to it in the document. */
export interface RuleTestResult {
  readonly name: string
  readonly expect: MatchResult
  readonly actual: MatchResult
  readonly passed: boolean
  readonly pointer: string
  /** What the clock said, where the schedule was closed. */
  readonly why?: string
}

/** Runs the tests that a valid rule brings along. Status and events do not matter to them. */
export async function runRuleTests(rule: RuleDocument): Promise<RuleTestResult[]> {
  const judge = threeValued(rule.conditions)
  const tests = rule.tests ?? []
  return Promise.all(
    tests.map(async (test, index) => {
      const { name, expect, at, facts } = test
      const why = at === undefined ? undefined : whyClosed(rule, new Date(at))
      const actual = why === undefined ? await judge(facts) : 'no_match'
      const result = { name, expect, actual, passed: actual === expect, pointer: `/tests/${index}` }
      return why === undefined ? result : { ...result, why }
    }),
  )
}

/** The engine only knows certain or not, so it is asked twice: whether it is so, and whether it is certainly not so. */
function threeValued(conditions: Conditions): (facts: Facts) => Promise<MatchResult> {
  const positive = compileRule(prepareConditions(conditions))
  const negative = compileRule(prepareConditions({ not: conditions }))
  return async (facts) => {
    if (await positive.certain(facts)) return 'match'
    return (await negative.certain(facts)) ? 'no_match' : 'unknown'
  }
}
