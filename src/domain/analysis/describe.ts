import type { Leaf, OperatorName } from '../conditions.ts'
import type { PreparedCondition } from '../prepared-conditions.ts'
import { quoted } from '../problem.ts'

/** A condition in words, `tags has "vip"`; one that is too long is only pointed to. */
export function describe(condition: PreparedCondition): string {
  const words = wordsFor(condition)
  return words.length <= WORDS_LENGTH_MAX ? words : `the conditions at ${condition.pointer}`
}

/** Rules by their keys: `"vip"`, `"vip" and "german"`, and of many only the first. */
export function describeKeys(keys: readonly string[]): string {
  const more = keys.length - KEYS_SHOWN_MAX
  const shown = keys.map((key) => `"${key}"`)
  return joined(more > 1 ? [...shown.slice(0, KEYS_SHOWN_MAX), `${more} more`] : shown, 'and')
}

const WORDS_LENGTH_MAX = 120
const KEYS_SHOWN_MAX = 3

function wordsFor(condition: PreparedCondition): string {
  switch (condition.kind) {
    case 'leaf':
      return leafWords(condition.leaf)
    case 'not':
      return `not (${wordsFor(condition.member)})`
    default: {
      const members = condition.members.map((member) =>
        member.kind === 'all' || member.kind === 'any' ? `(${wordsFor(member)})` : wordsFor(member),
      )
      return members.join(condition.kind === 'all' ? ' and ' : ' or ')
    }
  }
}

/** What comes between fact and value. */
const VERBS: Record<Exclude<OperatorName, 'exists' | 'missing'>, string> = {
  equal: 'is',
  notEqual: 'is not',
  in: 'is one of',
  notIn: 'is none of',
  lessThan: 'is less than',
  lessThanInclusive: 'is at most',
  greaterThan: 'is more than',
  greaterThanInclusive: 'is at least',
  between: 'is from',
  contains: 'has',
  doesNotContain: 'does not have',
  containsAny: 'has one of',
  containsAll: 'has all of',
  containsNone: 'has none of',
  startsWith: 'starts with',
  endsWith: 'ends with',
  includesText: 'includes',
  includesWord: 'has the word',
  matches: 'matches',
}

function leafWords({ fact, operator, value }: Leaf): string {
  if (operator === 'exists') return `${fact} is known`
  if (operator === 'missing') return `${fact} is unknown`
  const values = Array.isArray(value) ? value.map((one) => quoted(one)) : [quoted(value)]
  return `${fact} ${VERBS[operator]} ${operator === 'between' ? values.join(' to ') : values.join(', ')}`
}

/** `a, b and c`. */
export function joined(words: readonly string[], conjunction: 'and' | 'or'): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} ${conjunction} ${words.at(-1)}`
}
