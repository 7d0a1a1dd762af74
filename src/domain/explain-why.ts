import type { OperatorName } from './conditions.ts'
import type { ConditionExplanation, LeafExplanation } from './explanation.ts'
import type { IsOpen } from './facts.ts'
import { quoted } from './problem.ts'

/** One plain sentence on why conditions did not match: the first fact that stood in the way, or all that were unknown. */
export function whyNotMatched(conditions: ConditionExplanation, isOpen: IsOpen): string {
  if (conditions.result === 'unknown') return whyUnknown(unknownLeaves(conditions), isOpen)
  return `${obstacle(conditions, true, isOpen)}.`
}

function unknownLeaves(conditions: ConditionExplanation): readonly LeafExplanation[] {
  if (conditions.result !== 'unknown') return []
  if ('all' in conditions) return conditions.all.flatMap(unknownLeaves)
  if ('any' in conditions) return conditions.any.flatMap(unknownLeaves)
  return 'not' in conditions ? unknownLeaves(conditions.not) : [conditions]
}

function whyUnknown(leaves: readonly LeafExplanation[], isOpen: IsOpen): string {
  const absent = [...new Set(leaves.filter((leaf) => leaf.actual === null).map((leaf) => leaf.fact))]
  const unknown = absent.filter((fact) => !isOpen(fact))
  const notAsked = absent.filter(isOpen)
  const parts = [
    ...(unknown.length > 0 ? [`${listed(unknown, 'and')} ${unknown.length === 1 ? 'is' : 'are'} unknown`] : []),
    ...(notAsked.length > 0
      ? [`${listed(notAsked, 'and')} ${notAsked.length === 1 ? 'was' : 'were'} not looked up`]
      : []),
  ]
  if (parts.length > 0) return `${parts.join('; ')}.`
  const facts = [...new Set(leaves.map((leaf) => `${misfit(leaf, isOpen)}, which ${leaf.operator} cannot judge`))]
  return `${facts.join('; ')}.`
}

/** A list of one value would read like that value. */
function misfit(leaf: LeafExplanation, isOpen: IsOpen): string {
  return Array.isArray(leaf.actual) ? `${leaf.fact} is a list` : subject(leaf, isOpen)
}

/** The first thing that would have to be otherwise for the conditions to come out as `wanted`, and how many would do instead. */
function obstacle(conditions: ConditionExplanation, wanted: boolean, isOpen: IsOpen, alternatives = 0): string {
  if ('not' in conditions) return obstacle(conditions.not, !wanted, isOpen, alternatives)
  if ('fact' in conditions) return leafObstacle(conditions, wanted, isOpen) + notMetEither(alternatives)
  const members = 'all' in conditions ? conditions.all : conditions.any
  const against = wanted ? 'no_match' : 'match'
  const failing = members.filter((member) => member.result === against)
  const first = failing[0]
  if (first === undefined) return 'the group is empty'
  const everyoneCounts = 'all' in conditions === wanted
  return obstacle(first, wanted, isOpen, alternatives + (everyoneCounts ? 0 : failing.length - 1))
}

function notMetEither(alternatives: number): string {
  if (alternatives === 0) return ''
  return `, and ${alternatives === 1 ? 'the alternative is' : `${alternatives} alternatives are`} not met either`
}

function leafObstacle(leaf: LeafExplanation, wanted: boolean, isOpen: IsOpen): string {
  const [wish, opposite] = WISHES[leaf.operator]
  // A function, since `$` in a replacement text has a meaning.
  return `${subject(leaf, isOpen)}, the rule wants ${(wanted ? wish : opposite).replace('%', () => wantedValue(leaf))}`
}

/** What a rule wants of a fact, and what it wants under a `not`; `%` is the leaf's value. */
const WISHES: Record<OperatorName, readonly [wish: string, opposite: string]> = {
  equal: ['%', 'anything but %'],
  notEqual: ['anything but %', '%'],
  in: ['%', 'anything but %'],
  notIn: ['anything but %', '%'],
  lessThan: ['less than %', 'at least %'],
  lessThanInclusive: ['at most %', 'more than %'],
  greaterThan: ['more than %', 'at most %'],
  greaterThanInclusive: ['at least %', 'less than %'],
  between: ['%, both included', 'anything outside %'],
  contains: ['% among them', 'no % among them'],
  doesNotContain: ['no % among them', '% among them'],
  containsAny: ['% among them', 'none of % among them'],
  containsAll: ['all of % among them', 'not all of % among them'],
  containsNone: ['none of % among them', '% among them'],
  startsWith: ['text that starts with %', 'text that does not start with %'],
  endsWith: ['text that ends with %', 'text that does not end with %'],
  includesText: ['text that includes %', 'text that does not include %'],
  includesWord: ['text with the word %', 'text without the word %'],
  matches: ['text that matches %', 'text that does not match %'],
  exists: ['it to be known', 'it to be unknown'],
  missing: ['it to be unknown', 'it to be known'],
}

function wantedValue({ operator, value }: LeafExplanation): string {
  if (!Array.isArray(value)) return quoted(value)
  if (operator === 'between') return value.map(quoted).join(' to ')
  return listed(value.map(quoted), operator === 'containsAll' ? 'and' : 'or')
}

/** `tags is "vip" and "beta"`. */
function subject({ fact, actual }: LeafExplanation, isOpen: IsOpen): string {
  if (actual === null) return isOpen(fact) ? `${fact} was not looked up` : `${fact} is unknown`
  if (!Array.isArray(actual)) return `${fact} is ${quoted(actual)}`
  return actual.length === 0 ? `${fact} is empty` : `${fact} is ${listed(actual.map(quoted), 'and')}`
}

const VALUES_SHOWN_MAX = 5

function listed(words: readonly string[], conjunction: 'and' | 'or'): string {
  const more = words.length - VALUES_SHOWN_MAX
  const kept = more > 1 ? [...words.slice(0, VALUES_SHOWN_MAX), `${more} more`] : words
  return kept.length < 2 ? kept.join('') : `${kept.slice(0, -1).join(', ')} ${conjunction} ${kept.at(-1)}`
}
