import { Type } from 'typebox'

/** The most rules that one set may have. */
export const RULES_MAX = 10_000

/** The `rules` of a request. Each is read as a rule document by itself, for the sake of its messages. */
export const GivenRules = Type.Array(Type.Unknown(), {
  maxItems: RULES_MAX,
  description: `A list of at most ${RULES_MAX} rule documents. A draft among them is tried as if it were enabled.`,
})

/** The most bytes of a body that holds such a list: as many rules of a usual size, or few of the largest. */
export const RULES_BYTES_MAX = 16 * 1024 * 1024
