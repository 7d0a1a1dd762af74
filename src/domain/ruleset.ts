import { compileRule, type RuleEngine } from './compile-rule.ts'
import { type PreparedCondition, prepareConditions } from './prepared-conditions.ts'
import type { LiveRule, RuleDocument, Ruleset } from './rule.ts'

/** Why a stored rule cannot be evaluated. */
export interface BrokenConditions {
  readonly kind: 'broken'
  readonly problem: string
}

/** A rule ready to be evaluated. When its conditions are broken, `certain` and `possible` reject with the problem. */
export interface CompiledRule extends RuleEngine {
  readonly rule: LiveRule
  readonly conditions: PreparedCondition | BrokenConditions
}

/** All rules in the order tried: by priority, the higher first, then by key in code-unit order. */
export interface CompiledRuleset {
  readonly version: number
  readonly rules: readonly CompiledRule[]
}

/** Compiles every rule, drafts too. One that cannot be compiled is kept as broken and harms no other. */
export function compileRuleset(ruleset: Ruleset): CompiledRuleset {
  return {
    version: ruleset.version,
    rules: ruleset.rules.toSorted((a, b) => inOrderTried(a.document, b.document)).map(compile),
  }
}

/** Sorts rules: by priority, the higher first, then by key. */
export function inOrderTried(a: Pick<RuleDocument, 'priority' | 'key'>, b: typeof a): number {
  if (a.priority !== b.priority) return b.priority - a.priority
  return a.key < b.key ? -1 : 1
}

function compile(rule: LiveRule): CompiledRule {
  try {
    const conditions = prepareConditions(rule.document.conditions)
    return { rule, conditions, ...compileRule(conditions) }
  } catch (error) {
    const problem = problemOf(error)
    const reject = () => Promise.reject(new Error(problem, { cause: error }))
    return { rule, conditions: { kind: 'broken', problem }, certain: reject, possible: reject }
  }
}

/** What went wrong, for the explanation, the log and the console. */
export function problemOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
