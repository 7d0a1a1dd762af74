import type { Leaf } from '../conditions.ts'
import type { FactValue } from '../facts.ts'
import { LIST, TEXT } from '../operator-fit.ts'
import type { PreparedLeaf } from '../prepared-conditions.ts'
import { comparisonKey, normalText, numberOf, wordsOf } from '../text.ts'
import type { FactClass } from './fact-classes.ts'
import { atom, every, type Formula, some } from './formula.ts'
import { type FactPart, NOT_SO, SO, type Space } from './space.ts'

/** That a leaf is known to be true or, if not `holds`, known to be false. Judged by the operators themselves. */
export function leafFormula(space: Space, prepared: PreparedLeaf, holds: boolean): Formula {
  const part = space.fact(prepared.leaf.fact)
  const { operator } = prepared.leaf
  if (LIST.includes(operator)) return listFormula(space, part, prepared.leaf, holds)
  if (TEXT.includes(operator) && part.name !== 'event') return textFormula(space, part, prepared, holds)
  return classesWhere(part, ({ value }) => prepared.test(value) === holds)
}

/** That the fact is of a class that the test accepts. */
export function classesWhere({ dimension, classes }: FactPart, accepts: (one: FactClass) => boolean): Formula {
  const bits = classes.map((one) => (accepts(one) ? '1' : '0')).reverse()
  return atom(dimension, BigInt(`0b${bits.join('')}`))
}

const NEGATIVE: readonly Leaf['operator'][] = ['doesNotContain', 'containsNone']

/** Any list can be had by choosing its members, so each member that is mentioned is a dimension of its own. */
function listFormula(space: Space, part: FactPart, { fact, operator, value }: Leaf, holds: boolean): Formula {
  const isPresent = NEGATIVE.includes(operator) !== holds
  const values = (typeof value === 'object' ? value : [value]).filter((one) => isMember(one))
  const members = values.map((one) => atom(space.member(fact, one), isPresent ? SO : NOT_SO))
  const combine = (operator === 'containsAll') === isPresent ? every : some
  return every([classesWhere(part, ({ kind }) => kind === 'list'), combine(members)])
}

function isMember(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number'
}

/** A value that the rules mention is put to the test; for any other the test may come out either way. */
function textFormula(space: Space, part: FactPart, prepared: PreparedLeaf, holds: boolean): Formula {
  const isFree = ({ kind, value }: FactClass) => {
    if (kind === 'value') return dependsOnSpelling(prepared, value)
    return kind === 'other' && (typeof value === 'string' || mayBeInNumber(prepared))
  }
  return some([
    classesWhere(part, (one) => !isFree(one) && prepared.test(one.value) === holds),
    every([classesWhere(part, isFree), atom(space.text(prepared), holds ? SO : NOT_SO)]),
  ])
}

/** Whether two texts that are equal to people ("12" and "12.0", "Pro" and "PRO") could differ for the test. */
function dependsOnSpelling(prepared: PreparedLeaf, value: FactValue | undefined): boolean {
  if (typeof value !== 'string' && typeof value !== 'number') return false
  if (numberOf(comparisonKey(value)) !== undefined) return mayBeInNumber(prepared)
  if (prepared.leaf.operator !== 'matches') return false
  const text = String(value)
  const spellings = [text, text.toUpperCase(), text.toLowerCase(), normalText(text).toLocaleUpperCase('tr')]
  return MINDS_CASE.test(String(prepared.leaf.value)) || new Set(spellings.map(prepared.test)).size > 1
}

/** A pattern that switches its disregard of case off, as in `(?-i)Pro`, or asks for the letter whose case it does not disregard. */
const MINDS_CASE = /\(\?[A-Za-z]*-[A-Za-z]*i|İ/

/** The signs that numbers are written with. */
const NUMBER_SIGNS = /^[-+.\de]*$/

function mayBeInNumber({ leaf: { operator, value } }: PreparedLeaf): boolean {
  const text = String(value)
  // A word is looked for without the punctuation around it.
  return (
    operator === 'matches' || NUMBER_SIGNS.test(operator === 'includesWord' ? wordsOf(text).join('') : normalText(text))
  )
}
