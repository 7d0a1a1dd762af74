import { type Facts, type Lookup, readFact } from './facts.ts'
import type { PreparedCondition, PreparedLeaf } from './prepared-conditions.ts'

/** Conditions are `certain`ly met, or could be once the open lookups told their facts (`open`), or are not to be (`none`). */
export const PROSPECT = { none: 0, open: 1, certain: 2 } as const
export type Prospect = (typeof PROSPECT)[keyof typeof PROSPECT]

/**
 * What json-rules-engine is asked twice for (`certain`, then `possible`), in one walk without the engine, which costs some
 * ten times as much: so that a live chat asks the engine only about rules that can win, and a backtest never does. A property
 * test holds the two to one another.
 */
export function prospectOf(
  condition: PreparedCondition,
  facts: Facts,
  openLookups: ReadonlySet<Lookup>,
  wanted = true,
): Prospect {
  switch (condition.kind) {
    case 'leaf':
      return leafProspect(condition, facts, openLookups, wanted)
    case 'not':
      return prospectOf(condition.member, facts, openLookups, !wanted)
    default: {
      const everyoneCounts = (condition.kind === 'all') === wanted
      const decisive = everyoneCounts ? PROSPECT.none : PROSPECT.certain
      let prospect: Prospect = everyoneCounts ? PROSPECT.certain : PROSPECT.none
      for (const member of condition.members) {
        const found = prospectOf(member, facts, openLookups, wanted)
        if (found === decisive) return found
        if (found === PROSPECT.open) prospect = found
      }
      return prospect
    }
  }
}

/** The facts that conditions with the prospect `open` hang on, each once. */
export function openFacts(
  condition: PreparedCondition,
  facts: Facts,
  openLookups: ReadonlySet<Lookup>,
): readonly string[] {
  return [...new Set(openLeaves(condition, facts, openLookups, true))]
}

function openLeaves(
  condition: PreparedCondition,
  facts: Facts,
  openLookups: ReadonlySet<Lookup>,
  wanted: boolean,
): readonly string[] {
  if (prospectOf(condition, facts, openLookups, wanted) !== PROSPECT.open) return []
  if (condition.kind === 'leaf') return [condition.leaf.fact]
  if (condition.kind === 'not') return openLeaves(condition.member, facts, openLookups, !wanted)
  return condition.members.flatMap((member) => openLeaves(member, facts, openLookups, wanted))
}

function leafProspect(
  { leaf, lookup, test }: PreparedLeaf,
  facts: Facts,
  openLookups: ReadonlySet<Lookup>,
  wanted: boolean,
): Prospect {
  const actual = readFact(facts, leaf.fact)
  if (actual === undefined && lookup !== undefined && openLookups.has(lookup)) return PROSPECT.open
  return test(actual ?? undefined) === wanted ? PROSPECT.certain : PROSPECT.none
}
