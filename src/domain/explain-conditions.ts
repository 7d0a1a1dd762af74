import type { ConditionExplanation } from './explanation.ts'
import { type Facts, type FactValue, type Lookup, readFact } from './facts.ts'
import type { Truth } from './operators.ts'
import type { PreparedCondition, PreparedLeaf } from './prepared-conditions.ts'
import type { MatchResult } from './rule.ts'

/**
 * Judges every condition in three-valued (Kleene) logic, none left out. What an open lookup could tell, but nobody asked
 * for, is unknown to `exists` and `missing` too. It shares the operators with the engine and nothing else: the root
 * matches exactly when the engine is certain, which a property test holds the two to.
 */
export function explainConditions(
  condition: PreparedCondition,
  facts: Facts,
  openLookups: ReadonlySet<Lookup>,
): ConditionExplanation {
  const { pointer } = condition
  switch (condition.kind) {
    case 'leaf':
      return explainLeaf(condition, facts, openLookups)
    case 'not': {
      const not = explainConditions(condition.member, facts, openLookups)
      return { pointer, not, result: NEGATION[not.result] }
    }
    default: {
      const members = condition.members.map((member) => explainConditions(member, facts, openLookups))
      const results = new Set(members.map((member) => member.result))
      return condition.kind === 'all'
        ? { pointer, all: members, result: first(results, ['no_match', 'unknown', 'match']) }
        : { pointer, any: members, result: first(results, ['match', 'unknown', 'no_match']) }
    }
  }
}

const NEGATION: Record<MatchResult, MatchResult> = { match: 'no_match', no_match: 'match', unknown: 'unknown' }

/** One false makes `all` false and one true makes `any` true, whatever is unknown; then the unknown counts. */
function first(
  results: ReadonlySet<MatchResult>,
  [decisive, weaker, weakest]: readonly [MatchResult, MatchResult, MatchResult],
): MatchResult {
  if (results.has(decisive)) return decisive
  return results.has(weaker) ? weaker : weakest
}

function explainLeaf(
  { pointer, leaf, test, lookup }: PreparedLeaf,
  facts: Facts,
  openLookups: ReadonlySet<Lookup>,
): ConditionExplanation {
  const { fact, operator, value = true } = leaf
  const actual = readFact(facts, fact)
  const isOpen = actual === undefined && lookup !== undefined && openLookups.has(lookup)
  const result = isOpen ? 'unknown' : resultOf(test(actual ?? undefined))
  return { pointer, fact, operator, value, actual: copy(actual ?? null), result }
}

/** Facts may be read-only lists; an explanation is plain JSON of its own. */
function copy(actual: FactValue | null) {
  return typeof actual === 'object' && actual !== null ? [...actual] : actual
}

function resultOf(truth: Truth): MatchResult {
  if (truth === undefined) return 'unknown'
  return truth ? 'match' : 'no_match'
}
