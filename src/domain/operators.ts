import type { Leaf, OperatorName } from './conditions.ts'
import type { FactValue } from './facts.ts'
import { readPattern } from './pattern.ts'
import { comparisonKey, includesRun, normalText, numberOf, wordsOf } from './text.ts'

/** Kleene's third value, unknown, is `undefined`. */
export type Truth = boolean | undefined

/** How one leaf judges its fact; an absent fact is `undefined`. */
export type LeafTest = (actual: FactValue | undefined) => Truth

/** Makes the leaf's test, with everything that depends on the rule alone worked out. Throws for a leaf no rule may have. */
export function leafTest(leaf: Leaf): LeafTest {
  if (leaf.operator === 'exists') return (actual) => actual !== undefined
  if (leaf.operator === 'missing') return (actual) => actual === undefined
  if (!Object.hasOwn(OPERATORS, leaf.operator)) throw new Error(`There is no operator "${leaf.operator}".`)
  const judge = OPERATORS[leaf.operator](leaf.value)
  return (actual) => (actual === undefined ? undefined : judge(actual))
}

/** Judges a known fact; undefined when the operator cannot apply to it. */
type Judge = (actual: FactValue) => Truth

type Expected = Leaf['value']

/** What each operator means over a known fact. The two that ask whether a fact is known are above. */
const OPERATORS: Record<Exclude<OperatorName, 'exists' | 'missing'>, (expected: Expected) => Judge> = {
  equal: (expected) => isAnyOf([one(expected)]),
  notEqual: (expected) => not(isAnyOf([one(expected)])),
  in: (expected) => isAnyOf(many(expected)),
  notIn: (expected) => not(isAnyOf(many(expected))),
  lessThan: (expected) => compares(expected, (actual, limit) => actual < limit),
  lessThanInclusive: (expected) => compares(expected, (actual, limit) => actual <= limit),
  greaterThan: (expected) => compares(expected, (actual, limit) => actual > limit),
  greaterThanInclusive: (expected) => compares(expected, (actual, limit) => actual >= limit),
  between: (expected) => isBetween(many(expected)),
  contains: (expected) => hasAny([one(expected)]),
  doesNotContain: (expected) => not(hasAny([one(expected)])),
  containsAny: (expected) => hasAny(many(expected)),
  containsAll: (expected) => hasAll(many(expected)),
  containsNone: (expected) => not(hasAny(many(expected))),
  startsWith: (expected) => reads(expected, (actual, wanted) => actual.startsWith(wanted)),
  endsWith: (expected) => reads(expected, (actual, wanted) => actual.endsWith(wanted)),
  includesText: (expected) => reads(expected, (actual, wanted) => actual.includes(wanted)),
  includesWord: (expected) => hasWords(wordsOf(text(expected))),
  matches: (expected) => matches(text(expected)),
}

function not(judge: Judge): Judge {
  return (actual) => {
    const truth = judge(actual)
    return truth === undefined ? undefined : !truth
  }
}

function isAnyOf(values: readonly (string | number | boolean)[]): Judge {
  const keys = new Set(values.map(comparisonKey))
  return (actual) => (isList(actual) ? undefined : keys.has(comparisonKey(actual)))
}

function compares(expected: Expected, holds: (actual: number, limit: number) => boolean): Judge {
  const limit = number(expected)
  return (actual) => {
    const value = numberOf(actual)
    return value === undefined ? undefined : holds(value, limit)
  }
}

function isBetween([low, high]: readonly (string | number)[]): Judge {
  const [min, max] = [number(low), number(high)]
  return (actual) => {
    const value = numberOf(actual)
    return value === undefined ? undefined : min <= value && value <= max
  }
}

function hasAny(values: readonly (string | number | boolean)[]): Judge {
  const keys = new Set(values.map(comparisonKey))
  return (actual) => (isList(actual) ? actual.some((member) => keys.has(comparisonKey(member))) : undefined)
}

function hasAll(values: readonly (string | number)[]): Judge {
  const keys = values.map(comparisonKey)
  return (actual) => {
    if (!isList(actual)) return undefined
    const members = new Set(actual.map(comparisonKey))
    return keys.every((key) => members.has(key))
  }
}

function reads(expected: Expected, holds: (actual: string, wanted: string) => boolean): Judge {
  const wanted = normalText(text(expected))
  return overText((actual) => holds(normalText(actual), wanted))
}

function hasWords(wanted: readonly string[]): Judge {
  if (wanted.length === 0) throw new Error('includesWord needs a word to look for.')
  return overText((actual) => includesRun(wordsOf(actual), wanted))
}

function matches(source: string): Judge {
  const pattern = readPattern(source)
  if (pattern.kind === 'refused') throw new Error(`The pattern is refused: ${pattern.why}.`)
  return overText(pattern.find)
}

/** A number is read as its text; true, false and lists are no text. */
function overText(holds: (actual: string) => boolean): Judge {
  return (actual) => (typeof actual === 'string' || typeof actual === 'number' ? holds(String(actual)) : undefined)
}

function isList(value: FactValue): value is readonly (string | number)[] {
  return typeof value === 'object'
}

// A stored rule may be older or newer than this code. A value of the wrong shape makes it a rule that cannot be
// evaluated, which is reported, and not one that quietly never matches.

function one(expected: Expected): string | number | boolean {
  if (expected === undefined || typeof expected === 'object') throw new Error('The operator takes one value.')
  return expected
}

function many(expected: Expected): readonly (string | number)[] {
  if (!Array.isArray(expected)) throw new Error('The operator takes a list of values.')
  return expected
}

function number(expected: Expected): number {
  const value = numberOf(expected)
  if (value === undefined) throw new Error('The operator takes a number.')
  return value
}

function text(expected: Expected): string {
  if (typeof expected !== 'string') throw new Error('The operator takes text.')
  return expected
}
