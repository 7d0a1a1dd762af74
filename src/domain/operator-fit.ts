import { OPERATOR_NAMES, type OperatorName } from './conditions.ts'
import type { FactType } from './facts.ts'

/** The operators that can apply to a fact of a type; a rule that uses another is refused, as it could never match. */
export function operatorsFor(type: FactType): readonly OperatorName[] {
  return FITTING[type]
}

const PRESENCE: readonly OperatorName[] = ['exists', 'missing']
const SAME: readonly OperatorName[] = ['equal', 'notEqual']
/** Those that compare one value with whole values. */
export const EQUALITY: readonly OperatorName[] = [...SAME, 'in', 'notIn']
export const ORDER: readonly OperatorName[] = [
  'lessThan',
  'lessThanInclusive',
  'greaterThan',
  'greaterThanInclusive',
  'between',
]
/** Those that look into a text. */
export const TEXT: readonly OperatorName[] = ['startsWith', 'endsWith', 'includesText', 'includesWord', 'matches']
/** Those that look for members of a list. */
export const LIST: readonly OperatorName[] = [
  'contains',
  'doesNotContain',
  'containsAny',
  'containsAll',
  'containsNone',
]

const FITTING: Record<FactType, readonly OperatorName[]> = {
  // Ordering too: a plan or a user id may well be a number in a string.
  text: [...EQUALITY, ...TEXT, ...ORDER, ...PRESENCE],
  number: [...EQUALITY, ...ORDER, ...PRESENCE],
  boolean: [...SAME, ...PRESENCE],
  list: [...LIST, ...PRESENCE],
  any: OPERATOR_NAMES,
}
