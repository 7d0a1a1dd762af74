import { Type } from 'typebox'
import { isJsonObject } from './json-object.ts'
import type { Problem } from './problem.ts'

/** The most rules that one set may have. */
export const RULES_MAX = 10_000

/** The `rules` of a request. Each is read as a rule document by itself, for the sake of its messages. */
export const GivenRules = Type.Array(Type.Unknown(), {
  maxItems: RULES_MAX,
  description: `A list of at most ${RULES_MAX} rule documents. A draft among them is tried as if it were enabled.`,
})

/** That there are too many rules: then nothing else is looked at, for it would take seconds. */
export function tooManyRules(input: unknown): Problem[] {
  const rules = isJsonObject(input) ? input.rules : undefined
  if (!Array.isArray(rules) || rules.length <= RULES_MAX) return []
  return [{ pointer: '/rules', message: `It has ${rules.length} entries. Make it at most ${RULES_MAX}.` }]
}

/** The most bytes of a body that holds such a list: as many rules of a usual size, or few of the largest. */
export const RULES_BYTES_MAX = 16 * 1024 * 1024
