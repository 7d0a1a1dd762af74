import type { Leaf } from '../conditions.ts'
import type { FactDefinition, FactType, FactValue } from '../facts.ts'
import { EQUALITY, ORDER } from '../operator-fit.ts'
import { EVENT_TYPES_ROUTABLE } from '../rule.ts'
import { comparisonKey, numberOf } from '../text.ts'

/**
 * A class of values that no exact comparison of the rules can tell apart, with one value to stand for them. `unknown` is
 * the absent fact; `value` is one value the rules mention, in all its spellings; `other` is any text, or any number of a
 * range, that they do not mention; `list` is any list, whose members are dimensions of their own.
 */
export interface FactClass {
  readonly kind: 'unknown' | 'value' | 'other' | 'list'
  readonly value: FactValue | undefined
}

const UNKNOWN: FactClass = { kind: 'unknown', value: undefined }
const LIST: FactClass = { kind: 'list', value: [] }
const FLAGS: readonly FactClass[] = [true, false].map((value) => ({ kind: 'value', value }))
const EVENTS: readonly FactClass[] = EVENT_TYPES_ROUTABLE.map((value) => ({ kind: 'value', value }))

type Scalar = string | number | boolean

/**
 * Divides all values that a fact may have, by everything that the rules' comparisons of it mention. The plainer classes
 * come first. Exact for numbers of up to 15 digits: a longer text such as "5.0000000000000000" is not equal to 5, and yet
 * neither less nor greater, and is left out. `seen` gives natural examples of values that no rule mentions.
 */
export function classesOf(fact: FactDefinition, leaves: readonly Leaf[], seen: readonly FactValue[]): FactClass[] {
  // Every chat is routed on some event, so this fact is never unknown.
  if (fact.name === 'event') return [...EVENTS]
  if (fact.type === 'boolean') return [UNKNOWN, ...FLAGS]
  if (fact.type === 'list') return [UNKNOWN, LIST]
  const values = mentionedValues(leaves)
  const keys = new Set(values.map(comparisonKey))
  const ranges = rangesOf(fact.type, leaves, keys)
  if (fact.type === 'number') return [UNKNOWN, ...distinct(values.filter(isNumber)), ...ranges]
  const texts: FactClass[] = [...distinct(values), { kind: 'other', value: otherText(keys, seen) }, ...ranges]
  return fact.type === 'text' ? [UNKNOWN, ...texts] : [UNKNOWN, ...texts, ...FLAGS, LIST]
}

/** Both as text and as number, since "1e21" is no number for a comparison, and 1e21 is. */
function mentionedValues(leaves: readonly Leaf[]): Scalar[] {
  const mentioned = leaves.flatMap((leaf) => (isMention(leaf) ? scalarsOf(leaf) : []))
  return mentioned.flatMap((value) => {
    if (typeof value !== 'string') return [value, String(value)]
    const number = numberOf(value) ?? Number(value)
    return Number.isFinite(number) ? [value, number] : [value]
  })
}

/** Not the words and patterns that are looked for within a text, nor the members of lists. */
function isMention({ operator }: Leaf): boolean {
  return EQUALITY.includes(operator) || ORDER.includes(operator)
}

function scalarsOf({ value }: Leaf): readonly Scalar[] {
  if (value === undefined) return []
  return typeof value === 'object' ? value : [value]
}

function isNumber(value: Scalar): value is number {
  return typeof value === 'number'
}

/** One class for each way to compare: the first spelling stands for all of them. */
function distinct(values: readonly Scalar[]): FactClass[] {
  const byIdentity = new Map<string, Scalar>()
  for (const value of values) {
    const identity = `${typeof value === 'boolean'} ${numberOf(value)} ${comparisonKey(value)}`
    if (!byIdentity.has(identity)) byIdentity.set(identity, value)
  }
  return [...byIdentity.values()].map((value) => ({ kind: 'value', value }))
}

function otherText(mentioned: ReadonlySet<string>, seen: readonly FactValue[]): string {
  const isOther = (value: string) => !mentioned.has(comparisonKey(value)) && numberOf(value) === undefined
  const natural = seen.find((value) => typeof value === 'string' && isOther(value))
  if (typeof natural === 'string') return natural
  let text = 'something else'
  while (!isOther(text)) text += ' again'
  return text
}

/** The numbers between the limits of the rules: a range without any number to spare has no class. */
function rangesOf(type: FactType, leaves: readonly Leaf[], mentioned: ReadonlySet<string>): FactClass[] {
  const limits = leaves.flatMap((leaf) => (ORDER.includes(leaf.operator) ? scalarsOf(leaf).map(numberOf) : []))
  // Without a limit, a number is but one more text.
  if (limits.length === 0 && type !== 'number') return []
  const sorted = [...new Set(limits.filter((limit) => limit !== undefined))].toSorted((a, b) => a - b)
  const borders = [Number.NEGATIVE_INFINITY, ...sorted, Number.POSITIVE_INFINITY]
  return borders.slice(1).flatMap((high, index) => {
    const value = numberBetween(borders[index] ?? Number.NEGATIVE_INFINITY, high, mentioned)
    return value === undefined ? [] : [{ kind: 'other', value }]
  })
}

/** A number that no rule mentions, whole where possible; both borders are outside. */
function numberBetween(low: number, high: number, mentioned: ReadonlySet<string>): number | undefined {
  const isFree = (value: number) => low < value && value < high && !mentioned.has(comparisonKey(value))
  const start = Number.isFinite(low) ? Math.floor(low) + 1 : Number.isFinite(high) ? Math.ceil(high) - 1 : 0
  const step = Number.isFinite(low) || !Number.isFinite(high) ? 1 : -1
  // One try more than there are values to avoid.
  const tries = Array.from({ length: mentioned.size + 1 }, (_, index) => index)
  const whole = tries.find((index) => isFree(start + step * index))
  if (whole !== undefined) return start + step * whole
  const from = Number.isFinite(low) ? low : high - Math.max(1, Math.abs(high))
  const to = Number.isFinite(high) ? high : low + Math.max(1, Math.abs(low))
  return tries.map((index) => from + ((to - from) * (index + 1)) / (tries.length + 1)).find(isFree)
}
