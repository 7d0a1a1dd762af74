import { OPERATOR_NAMES, type OperatorName } from './conditions.ts'
import type { FactType } from './facts.ts'

/** The operators that can apply to a fact of a type; a rule that uses another is refused, as it could never match. */
export function operatorsFor(type: FactType): readonly OperatorName[] {
  return FITTING[type]
}

const PRESENCE: readonly OperatorName[] = ['exists', 'missing']
const SAME: readonly OperatorName[] = ['equal', 'notEqual']
const AMONG: readonly OperatorName[] = ['in', 'notIn']
const ORDER: readonly OperatorName[] = [
  'lessThan',
  'lessThanInclusive',
  'greaterThan',
  'greaterThanInclusive',
  'between',
]
const TEXT: readonly OperatorName[] = ['startsWith', 'endsWith', 'includesText', 'includesWord', 'matches']
const LIST: readonly OperatorName[] = ['contains', 'doesNotContain', 'containsAny', 'containsAll', 'containsNone']

const FITTING: Record<FactType, readonly OperatorName[]> = {
  // Ordering too: a plan or a user id may well be a number in a string.
  text: [...SAME, ...AMONG, ...TEXT, ...ORDER, ...PRESENCE],
  number: [...SAME, ...AMONG, ...ORDER, ...PRESENCE],
  boolean: [...SAME, ...PRESENCE],
  list: [...LIST, ...PRESENCE],
  any: OPERATOR_NAMES,
}
