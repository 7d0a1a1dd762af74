import type { Conditions, Leaf } from './conditions.ts'
import { findFact, type Lookup } from './facts.ts'
import { type LeafTest, leafTest } from './operators.ts'

/** A leaf with its test worked out, and the lookup that could tell its fact. */
export interface PreparedLeaf {
  readonly kind: 'leaf'
  readonly pointer: string
  readonly leaf: Leaf
  readonly test: LeafTest
  readonly lookup: Lookup | undefined
}

export interface PreparedGroup {
  readonly kind: 'all' | 'any'
  readonly pointer: string
  readonly members: readonly PreparedCondition[]
}

export interface PreparedNot {
  readonly kind: 'not'
  readonly pointer: string
  readonly member: PreparedCondition
}

/** A rule's conditions, ready to be judged many times; each node knows its JSON pointer in the rule document. */
export type PreparedCondition = PreparedLeaf | PreparedGroup | PreparedNot

/** Prepares a stored rule's conditions. Throws, with the pointer, when a leaf cannot be evaluated by this version. */
export function prepareConditions(conditions: Conditions, pointer = '/conditions'): PreparedCondition {
  if ('all' in conditions) return prepareGroup('all', conditions.all, pointer)
  if ('any' in conditions) return prepareGroup('any', conditions.any, pointer)
  if ('not' in conditions) {
    return { kind: 'not', pointer, member: prepareConditions(conditions.not, `${pointer}/not`) }
  }
  return prepareLeaf(conditions, pointer)
}

/** The leaves of prepared conditions, in the order of the document. */
export function leavesOf(condition: PreparedCondition): readonly PreparedLeaf[] {
  switch (condition.kind) {
    case 'leaf':
      return [condition]
    case 'not':
      return leavesOf(condition.member)
    default:
      return condition.members.flatMap(leavesOf)
  }
}

function prepareGroup(kind: 'all' | 'any', members: readonly Conditions[], pointer: string): PreparedGroup {
  // json-rules-engine takes an empty group for true.
  if (members.length === 0) throw new Error(`${pointer}: the group is empty.`)
  return {
    kind,
    pointer,
    members: members.map((member, index) => prepareConditions(member, `${pointer}/${kind}/${index}`)),
  }
}

function prepareLeaf(leaf: Leaf, pointer: string): PreparedLeaf {
  const fact = findFact(leaf.fact)
  if (fact === undefined) throw new Error(`${pointer}: there is no fact "${leaf.fact}".`)
  try {
    return { kind: 'leaf', pointer, leaf, test: leafTest(leaf), lookup: fact.lookup }
  } catch (error) {
    throw new Error(`${pointer}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}
