import { isJsonObject } from '../domain/json-object.ts'
import { type Problem, quoted } from '../domain/problem.ts'
import type { RuleDocument } from '../domain/rule.ts'
import { readRule } from '../domain/validate-rule.ts'
import { findRedTests } from './red-tests.ts'

/** A rule as somebody sent it, with the tests it does not pass, or everything that is wrong with it. */
export type RuleInput =
  | { readonly kind: 'valid'; readonly rule: RuleDocument; readonly redTests: readonly Problem[] }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[]; readonly document: unknown }

/** What the service adds to a rule when it is read: it may come back with a change, and is not looked at. */
const ADDED = ['version', 'createdAt', 'updatedAt', 'updatedBy', 'warnings']

/**
 * Validates a rule, which must have `key` where one is given, and runs its tests. It is kept as it was given, to the order
 * of its properties.
 */
export async function readRuleInput(input: unknown, key?: string): Promise<RuleInput> {
  const document = withoutAdded(input)
  const reading = readRule(document)
  const keys = isJsonObject(document) ? keyProblems(document.key, key) : []
  const problems = reading.kind === 'invalid' ? [...reading.problems, ...keys] : keys
  if (reading.kind === 'invalid' || problems.length > 0) return { kind: 'invalid', problems, document }
  return { kind: 'valid', rule: reading.rule, redTests: await findRedTests(reading.rule) }
}

/** A rule as it was before the service gave it out. */
export function withoutAdded(input: unknown): unknown {
  if (!isJsonObject(input)) return input
  return Object.fromEntries(Object.entries(input).filter(([name]) => !ADDED.includes(name)))
}

function keyProblems(key: unknown, wanted: string | undefined): Problem[] {
  if (wanted === undefined || key === wanted || typeof key !== 'string') return []
  const message = `A rule's key never changes: make it ${quoted(wanted)}, or create a new rule with POST /v1/rules.`
  return [{ pointer: '/key', message }]
}
