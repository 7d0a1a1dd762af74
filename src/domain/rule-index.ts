import { type Facts, type Lookup, readFact } from './facts.ts'
import { leastBy, type Need, type Needs, needsOf } from './needs.ts'
import type { PreparedCondition } from './prepared-conditions.ts'
import { comparisonKey } from './text.ts'

/** Finds the few rules that can match, so that the engine judges those alone. */
export interface RuleIndex<Rule> {
  /**
   * All rules that may match, be it only after an open lookup, in the order in which the index was given them. A rule that
   * is left out does not match, whatever the open lookups tell. Nothing is worked out ahead of its use.
   */
  candidates(facts: Facts, openLookups: ReadonlySet<Lookup>): Iterable<Rule>
}

/**
 * Files each rule under the values of one of its needs, the one that the fewest rules share; whichever is found there is
 * held to its other needs. `conditionsOf` is undefined for a rule that is always a candidate, as one without needs is.
 */
export function createRuleIndex<Rule>(
  rules: readonly Rule[],
  conditionsOf: (rule: Rule) => PreparedCondition | undefined,
): RuleIndex<Rule> {
  const entries = rules.map((rule) => ({ rule, needs: findNeeds(conditionsOf(rule)) }))
  const rarity = createRarity(entries.flatMap(({ needs }) => needs))
  const always: number[] = []
  const drawers = new Map<string, Drawer>()
  for (const [place, { needs }] of entries.entries()) {
    const rarest = leastBy(needs, rarity)
    if (rarest === undefined) always.push(place)
    else for (const need of rarest) file(drawers, need, place)
  }
  return {
    *candidates(facts, openLookups) {
      const keysOf = createKnownKeys(facts)
      const isOpen = (lookup: Lookup | undefined) => lookup !== undefined && openLookups.has(lookup)
      const isPossible = ({ fact, lookup, keys }: Need) => keysOf(fact)?.some((key) => keys.has(key)) ?? isOpen(lookup)
      const found = [...drawers.values()].flatMap(({ fact, lookup, places, placesByKey }) => {
        const keys = keysOf(fact)
        return keys?.map((key) => placesByKey.get(key) ?? []) ?? (isOpen(lookup) ? [places] : [])
      })
      for (const place of inOrder([always, ...found])) {
        const entry = entries[place]
        if (entry?.needs.every((oneOf) => oneOf.some(isPossible))) yield entry.rule
      }
    },
  }
}

function findNeeds(conditions: PreparedCondition | undefined): readonly Needs[] {
  return conditions === undefined ? [] : needsOf(conditions)
}

/** The rules that are filed under a fact, in order: all, and by the value that they need. */
interface Drawer extends Pick<Need, 'fact' | 'lookup'> {
  readonly places: number[]
  readonly placesByKey: Map<string, number[]>
}

function file(drawers: Map<string, Drawer>, { fact, lookup, keys }: Need, place: number): void {
  const drawer = drawers.get(fact) ?? { fact, lookup, places: [], placesByKey: new Map() }
  drawers.set(fact, drawer)
  append(drawer.places, place)
  for (const key of keys) {
    const places = drawer.placesByKey.get(key) ?? []
    drawer.placesByKey.set(key, places)
    append(places, place)
  }
}

/** Alternatives about the same fact would file a rule twice. */
function append(places: number[], place: number): void {
  if (places.at(-1) !== place) places.push(place)
}

/** How often the values of a need are named, by all rules. */
function createRarity(needs: readonly Needs[]): (oneOf: Needs) => number {
  const names = (oneOf: Needs) => oneOf.flatMap(({ fact, keys }) => [...keys].map((key) => `${fact} ${key}`))
  const counts = new Map<string, number>()
  for (const name of needs.flatMap(names)) counts.set(name, (counts.get(name) ?? 0) + 1)
  return (oneOf) => names(oneOf).reduce((sum, name) => sum + (counts.get(name) ?? 0), 0)
}

/** The comparison keys of a fact's value, or of a list's members; undefined when it is unknown. Each worked out once. */
function createKnownKeys(facts: Facts): (fact: string) => readonly string[] | undefined {
  const keys = new Map<string, readonly string[] | undefined>()
  return (fact) => {
    if (!keys.has(fact)) keys.set(fact, readKeys(facts, fact))
    return keys.get(fact)
  }
}

function readKeys(facts: Facts, fact: string): readonly string[] | undefined {
  const value = readFact(facts, fact)
  if (value === undefined) return undefined
  if (value === null) return []
  return typeof value === 'object' ? value.map(comparisonKey) : [comparisonKey(value)]
}

/** All numbers of sorted lists, each once, in order. */
function* inOrder(lists: readonly (readonly number[])[]): Iterable<number> {
  const cursors = lists.filter((list) => list.length > 0).map((list) => ({ list, next: 0 }))
  for (;;) {
    let least = Number.POSITIVE_INFINITY
    for (const { list, next } of cursors) least = Math.min(least, list[next] ?? least)
    if (least === Number.POSITIVE_INFINITY) return
    for (const cursor of cursors) if (cursor.list[cursor.next] === least) cursor.next += 1
    yield least
  }
}
