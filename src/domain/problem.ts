import { isJsonObject } from './json-object.ts'

/** What is wrong with a rule at one place, and what to do about it. `pointer` is a JSON pointer (RFC 6901) into the rule. */
export interface Problem {
  readonly pointer: string
  readonly message: string
}

/** The pointer one step further; `/` and `~` in names are escaped. */
export function pointerTo(pointer: string, step: string | number): string {
  return `${pointer}/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`
}

/** Rules are read until so many problems are found: nobody mends more at once, and millions of them would use up the memory. */
export const PROBLEMS_MAX = 1_000
/** What is told of the rules that were not read any more. */
export const MORE_PROBLEMS: Problem = {
  pointer: '/rules',
  message: `More than ${PROBLEMS_MAX} problems were found, so the rules that follow were not read. Mend these first.`,
}

/** The first problem of each place. */
export function eachPlaceOnce(problems: readonly Problem[]): readonly Problem[] {
  const seen = new Set<string>()
  return problems.filter(({ pointer }) => !seen.has(pointer) && seen.add(pointer))
}

const SHOWN_MAX = 60
const CUT_SURROGATE_PAIR = /[\uD800-\uDBFF]$/

/** The value in a message: short, and with names for what is too large to quote. */
export function quoted(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list'
  if (isJsonObject(value)) return 'an object'
  if (value === undefined) return 'empty' // as a body is that was not sent
  if (typeof value !== 'string') return String(value)
  return `"${value.length > SHOWN_MAX ? `${value.slice(0, SHOWN_MAX).replace(CUT_SURROGATE_PAIR, '')}...` : value}"`
}
