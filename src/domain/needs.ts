import type { Leaf } from './conditions.ts'
import type { Lookup } from './facts.ts'
import type { PreparedCondition, PreparedLeaf } from './prepared-conditions.ts'
import { comparisonKey } from './text.ts'

/** That a fact is, or as a list has, one of some values; these are comparison keys. */
export interface Need {
  readonly fact: string
  /** The lookup that could tell the fact. */
  readonly lookup: Lookup | undefined
  readonly keys: ReadonlySet<string>
}

/** One of these has to hold. */
export type Needs = readonly Need[]

/**
 * What conditions cannot be met without, each of which has to hold: an approximation from above, in which conditions that
 * are about no certain values (words, ranges, what is missing) leave no trace. None at all means that anything may meet them.
 */
export function needsOf(condition: PreparedCondition, wanted = true): readonly Needs[] {
  switch (condition.kind) {
    case 'leaf':
      return needsOfLeaf(condition, wanted)
    case 'not':
      return needsOf(condition.member, !wanted)
    default: {
      const ofMembers = condition.members.map((member) => needsOf(member, wanted))
      return (condition.kind === 'all') === wanted ? ofMembers.flat() : needsOfAny(ofMembers)
    }
  }
}

/** Of each alternative the need with the fewest values; nothing is needed when one of the alternatives needs nothing. */
function needsOfAny(alternatives: readonly (readonly Needs[])[]): readonly Needs[] {
  const narrowest = alternatives.map((needs) => leastBy(needs, countKeys))
  return narrowest.every((oneOf) => oneOf !== undefined) ? [narrowest.flat()] : []
}

function countKeys(oneOf: Needs): number {
  return oneOf.reduce((sum, { keys }) => sum + keys.size, 0)
}

/** The item for which a number is least, the first of several; undefined of none. */
export function leastBy<Item>(items: readonly Item[], numberOf: (item: Item) => number): Item | undefined {
  const numbers = items.map(numberOf)
  return items[numbers.indexOf(Math.min(...numbers))]
}

function needsOfLeaf({ leaf, lookup }: PreparedLeaf, wanted: boolean): readonly Needs[] {
  return valuesNeeded(leaf, wanted).map((values) => {
    return [{ fact: leaf.fact, lookup, keys: new Set(values.map(comparisonKey)) }]
  })
}

type Values = readonly (string | number | boolean)[]

/** Lists of values, of each of which one is needed. An operator over an unknown fact is neither true nor false. */
function valuesNeeded({ operator, value }: Leaf, wanted: boolean): readonly Values[] {
  switch (operator) {
    case 'equal':
    case 'in':
    case 'contains':
    case 'containsAny':
      return wanted ? [[value].flat()] : []
    case 'containsAll':
      return wanted ? value.map((one) => [one]) : []
    case 'notEqual':
    case 'notIn':
    case 'doesNotContain':
    case 'containsNone':
      return wanted ? [] : [[value].flat()]
    default:
      return []
  }
}
