import type { OperatorName } from '../domain/conditions.ts'
import { FACTS, type FactDefinition, findFact } from '../domain/facts.ts'
import { operatorsFor } from '../domain/operator-fit.ts'
import { FACT_NAME_LENGTH_MAX } from '../domain/validate-leaf.ts'

/** A value that a fact had lately, and in how many decisions. Of a list each member counts. */
export interface SeenValue {
  readonly value: string | number | boolean
  readonly count: number
}

export interface SeenFact {
  readonly name: string
  /** The most frequent first, so many as were asked for at most; none when the values are nobody's business. */
  readonly values: readonly SeenValue[]
}

/** The port this service needs; `adapters/prisma/seen-values.ts` implements it. */
export interface SeenValues {
  /** The values of these facts, and the custom attributes, with their values where customers share these. */
  list(names: readonly string[], valuesMax: number): Promise<readonly SeenFact[]>
}

export interface ListedFact extends FactDefinition {
  readonly operators: readonly OperatorName[]
  readonly values: readonly SeenValue[]
}

/** Facts whose values say nothing about one person; those of the others are never listed. */
const IMPERSONAL: readonly string[] = [
  'event',
  'language',
  'locale',
  'tags',
  'plan',
  'country',
  'emailDomain',
  'channel',
  'platform',
  'source',
  'blocked',
  'unsubscribed',
  'application',
  'chatStatus',
  'department',
  'assignee',
  'messageLanguage',
]

/** Of each fact. */
export const SEEN_VALUES_MAX = 20

/** Everything that rules may talk about, with the custom attributes that were seen lately, last and by name. */
export async function listFacts(seenValues: SeenValues): Promise<ListedFact[]> {
  const seen = new Map((await seenValues.list(IMPERSONAL, SEEN_VALUES_MAX)).map(({ name, values }) => [name, values]))
  const names = new Set([...FACTS.map(({ name }) => name), ...seen.keys()])
  const definitions = [...names].toSorted(inListOrder).flatMap((name) => {
    return name.length <= FACT_NAME_LENGTH_MAX ? (findFact(name) ?? []) : []
  })
  return definitions.map((definition) => {
    const { name, type } = definition
    return { ...definition, operators: operatorsFor(type), values: seen.get(name) ?? [] }
  })
}

/** Sorts names of facts: in the order people read, custom attributes last and by name. */
export function inListOrder(a: string, b: string): number {
  const difference = placeOf(a) - placeOf(b)
  if (difference !== 0 || a === b) return difference
  return a < b ? -1 : 1
}

function placeOf(name: string): number {
  const place = FACTS.findIndex((fact) => fact.name === name)
  return place === -1 ? FACTS.length : place
}
