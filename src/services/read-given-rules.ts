import { isJsonObject } from '../domain/json-object.ts'
import type { Pause } from '../domain/pause.ts'
import { MORE_PROBLEMS, PROBLEMS_MAX, type Problem, pointerTo, quoted } from '../domain/problem.ts'
import type { LiveRule, RuleDocument } from '../domain/rule.ts'
import { readRule } from '../domain/validate-rule.ts'
import { withoutAdded } from './read-rule-input.ts'

/** Rules that a request brings along to be tried, or everything that is wrong with them, with pointers into the request. */
export type GivenRulesReading =
  | { readonly kind: 'valid'; readonly rules: readonly LiveRule[] }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] }

/** What stands for the version of a rule that is not stored. */
export const GIVEN_VERSION = 0

/**
 * Reads the `rules` of a request. A draft is tried as if it were enabled, as otherwise it could not be tried at all;
 * shadows and disabled rules stay what they are.
 */
export async function readGivenRules(input: readonly unknown[], pause: Pause): Promise<GivenRulesReading> {
  const problems: Problem[] = []
  const rules = new Map<string, LiveRule>()
  for (const [index, item] of input.entries()) {
    await pause()
    if (problems.length > PROBLEMS_MAX) {
      problems.push(MORE_PROBLEMS)
      break
    }
    const pointer = pointerTo('/rules', index)
    const reading = readRule(withoutAdded(item))
    const found = reading.kind === 'invalid' ? reading.problems : []
    problems.push(...found.map((problem) => ({ ...problem, pointer: pointer + problem.pointer })))
    const key = isJsonObject(item) ? String(item.key) : ''
    if (rules.has(key)) {
      const message = `Another rule here has the key ${quoted(key)} too. Give each rule a key of its own.`
      problems.push({ pointer: pointerTo(pointer, 'key'), message })
    }
    if (reading.kind === 'valid') rules.set(key, { document: tried(reading.rule), version: GIVEN_VERSION })
  }
  return problems.length > 0 ? { kind: 'invalid', problems } : { kind: 'valid', rules: [...rules.values()] }
}

/** The problems of a reading, none when there are none. */
export function problemsOf(
  reading: { readonly kind: string; readonly problems?: readonly Problem[] } | undefined,
): readonly Problem[] {
  return reading?.problems ?? []
}

function tried(rule: RuleDocument): RuleDocument {
  return rule.status === 'draft' ? { ...rule, status: 'enabled' } : rule
}
