import { type Static, Type } from 'typebox'
import { Check } from 'typebox/value'
import { GivenRules, tooManyRules } from './given-rules.ts'
import { isJsonObject } from './json-object.ts'
import type { Problem } from './problem.ts'
import { structureProblems } from './validate-structure.ts'

const LIMIT_DEFAULT = 1_000
const LIMIT_MAX = 10_000

/** The body of `POST /v1/backtests`. */
export const BacktestRequest = Type.Object(
  {
    rules: GivenRules,
    replace: Type.Optional(
      Type.Boolean({
        description:
          'True: `rules` are the whole set. False, the default: they take the place of stored rules with the same key and join the others.',
      }),
    ),
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: LIMIT_MAX,
        description: `How many of the newest decisions, 1 to ${LIMIT_MAX}; ${LIMIT_DEFAULT} when left out.`,
      }),
    ),
  },
  { additionalProperties: false, description: 'An object with "rules", and optionally "replace" and "limit".' },
)
export type BacktestRequest = Static<typeof BacktestRequest>

/** What a body says, its `rules` still unread; those are there to be checked too when the rest of it is wrong. */
export type BacktestReading = { readonly rules: readonly unknown[] } & (
  | { readonly kind: 'valid'; readonly replace: boolean; readonly limit: number }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] }
)

/** Reads the body of a backtest from any parsed JSON: all problems at once. */
export function readBacktestRequest(input: unknown): BacktestReading {
  const tooMany = tooManyRules(input)
  if (tooMany.length > 0) return { kind: 'invalid', problems: tooMany, rules: [] }
  const rules = isJsonObject(input) && Array.isArray(input.rules) ? input.rules : []
  if (!Check(BacktestRequest, input)) {
    return { kind: 'invalid', problems: structureProblems(BacktestRequest, input), rules }
  }
  return { kind: 'valid', replace: input.replace ?? false, limit: input.limit ?? LIMIT_DEFAULT, rules }
}
