import { compileRule, type RuleEngine } from './compile-rule.ts'
import type { Pause } from './pause.ts'
import { type PreparedCondition, prepareConditions } from './prepared-conditions.ts'
import type { LiveRule, RuleDocument, Ruleset } from './rule.ts'
import { createRuleIndex, type RuleIndex } from './rule-index.ts'
import { isOpen } from './schedule.ts'

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
  /** Those that are enabled, by what they need to match. One that cannot be evaluated is always a candidate. */
  readonly enabled: RuleIndex<CompiledRule>
}

/** Compiles every rule, drafts too. One that cannot be compiled is kept as broken and harms no other. */
export function compileRuleset({ version, rules }: Ruleset): CompiledRuleset {
  return putTogether(version, rules.map(compile))
}

/** The same, with a pause after each rule: ten thousand with patterns take some seconds. `kept` are further rules of the set. */
export async function compileWithPauses(
  { version, rules }: Ruleset,
  pause: Pause,
  kept: readonly CompiledRule[] = [],
): Promise<CompiledRuleset> {
  const compiled = [...kept]
  for (const rule of rules) {
    compiled.push(compile(rule))
    await pause()
  }
  return putTogether(version, compiled)
}

function putTogether(version: number, compiled: readonly CompiledRule[]): CompiledRuleset {
  const rules = compiled.toSorted((a, b) => inOrderTried(a.rule.document, b.rule.document))
  const enabled = rules.filter(({ rule }) => rule.document.status === 'enabled')
  return { version, rules, enabled: createRuleIndex(enabled, conditionsToIndex) }
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

/** Undefined for a rule that cannot be evaluated: whoever searches has to come across it, to report it. */
function conditionsToIndex({ rule, conditions }: CompiledRule): PreparedCondition | undefined {
  return conditions.kind === 'broken' || brokenSchedule(rule.document) !== undefined ? undefined : conditions
}

/** Why a rule's schedule cannot be evaluated, as its time zone is not known here; undefined when it can. */
export function brokenSchedule({ schedule }: RuleDocument): string | undefined {
  try {
    if (schedule !== undefined) isOpen(schedule, new Date(0))
    return undefined
  } catch (error) {
    return problemOf(error)
  }
}

/** What went wrong, for the explanation, the log and the console. */
export function problemOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
