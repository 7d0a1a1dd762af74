import { compileRule } from './compile-rule.ts'
import type { Conditions } from './conditions.ts'
import type { Facts } from './facts.ts'
import { prepareConditions } from './prepared-conditions.ts'
import type { MatchResult, RuleDocument, RuleTest } from './rule.ts'
import { isOpen } from './schedule.ts'

/** How one of a rule's own tests came out; `pointer` leads to it in the document. */
export interface RuleTestResult {
  readonly name: string
  readonly expect: MatchResult
  readonly actual: MatchResult
  readonly passed: boolean
  readonly pointer: string
}

/** Runs the tests that a valid rule brings along. Status and events do not matter to them. */
export async function runRuleTests(rule: RuleDocument): Promise<RuleTestResult[]> {
  const judge = threeValued(rule.conditions)
  const tests = rule.tests ?? []
  return Promise.all(
    tests.map(async (test, index) => {
      const actual = isClosed(rule, test) ? 'no_match' : await judge(test.facts)
      const { name, expect } = test
      return { name, expect, actual, passed: actual === expect, pointer: `/tests/${index}` }
    }),
  )
}

function isClosed({ schedule }: RuleDocument, { at }: RuleTest): boolean {
  return schedule !== undefined && at !== undefined && !isOpen(schedule, new Date(at))
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
