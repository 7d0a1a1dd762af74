import type { Conditions } from '../../src/domain/conditions.ts'
import type { Facts } from '../../src/domain/facts.ts'

/** Conditions that are meant to be expensive, and facts that make them so. */
export interface Bomb {
  readonly name: string
  readonly conditions: unknown
  readonly facts: Facts
}

const LEAVES_MAX = 100
const DEPTH_MAX = 8
const MESSAGE_CHARACTERS = 8_000

/** Patterns that stall engines which go back, each with the text that does it (OWASP's list, CVE-2016-4055 and their like). */
const REDOS: readonly (readonly [pattern: string, text: string])[] = [
  ['(a+)+$', `${'a'.repeat(MESSAGE_CHARACTERS)}!`],
  ['([a-zA-Z]+)*$', `${'a'.repeat(MESSAGE_CHARACTERS)}1`],
  ['(a|aa)+$', `${'a'.repeat(MESSAGE_CHARACTERS)}!`],
  ['(a|a?)+$', `${'a'.repeat(MESSAGE_CHARACTERS)}!`],
  ['(.*a){10}', 'a'.repeat(MESSAGE_CHARACTERS)],
  ['^(([a-z])+.)+[A-Z]([a-z])+$', 'a'.repeat(MESSAGE_CHARACTERS)],
  ['(\\w+\\s?)*$', `${'word '.repeat(MESSAGE_CHARACTERS / 5)}!`],
  ['^(\\d+)*x$', '1'.repeat(MESSAGE_CHARACTERS)],
  ['(x+x+)+y', 'x'.repeat(MESSAGE_CHARACTERS)],
  ['\\s+$', `${' '.repeat(MESSAGE_CHARACTERS)}x`],
  ['(?:.*,)*z', ','.repeat(MESSAGE_CHARACTERS)],
  ['(\\p{L}|\\p{N}|\\p{M}){1,20}x', 'ї'.repeat(MESSAGE_CHARACTERS)],
]

const text = (facts: Facts = {}): Facts => ({ message: `${'word '.repeat(MESSAGE_CHARACTERS / 5)}end`, ...facts })
const leaf = (operator: string, value: unknown, fact = 'message') => ({ fact, operator, value })
const repeat = (count: number, make: (index: number) => unknown) =>
  Array.from({ length: count }, (_, index) => make(index))
const nest = (levels: number, key: 'not' | 'all' | 'any', inner: unknown): unknown => {
  let conditions = inner
  for (let level = 1; level < levels; level++)
    conditions = key === 'not' ? { not: conditions } : { [key]: [conditions] }
  return conditions
}
/** Two branches at each level, as wide as the leaves allow. */
const tree = (depth: number): unknown =>
  depth === 1
    ? leaf('includesText', 'zzz')
    : { [depth % 2 ? 'all' : 'any']: [tree(depth - 1), { not: tree(depth - 1) }] }

/** Within all limits, as far as can be told: a rule that is refused all the same costs nothing either. */
export const BOMBS: readonly Bomb[] = [
  { name: 'as deep as allowed', conditions: nest(DEPTH_MAX, 'all', { any: [leaf('equal', 'a')] }), facts: text() },
  { name: 'a chain of nots', conditions: nest(DEPTH_MAX, 'not', leaf('equal', 'a')), facts: text() },
  { name: 'a binary tree', conditions: tree(6), facts: text() },
  { name: 'as wide as allowed', conditions: { any: repeat(LEAVES_MAX, (n) => leaf('equal', `a${n}`)) }, facts: text() },
  {
    name: 'texts in a text',
    conditions: { any: repeat(LEAVES_MAX, (n) => leaf('includesText', `q${n}`)) },
    facts: text(),
  },
  {
    name: 'words in a text',
    conditions: { any: repeat(LEAVES_MAX, (n) => leaf('includesWord', `q${n}`)) },
    facts: text(),
  },
  {
    name: 'long lists in long lists',
    conditions: {
      any: repeat(LEAVES_MAX, (n) =>
        leaf(
          'containsAny',
          repeat(20, (m) => `t${n}-${m}`),
          'tags',
        ),
      ),
    },
    facts: { tags: Array.from({ length: 1_000 }, (_, n) => `tag ${n}`) },
  },
  {
    name: 'nothing known',
    conditions: { all: repeat(LEAVES_MAX, (n) => ({ not: leaf('equal', n, `custom.c${n}`) })) },
    facts: {},
  },
  ...REDOS.flatMap(([pattern, message]) => [
    { name: pattern, conditions: { any: [leaf('matches', pattern)] }, facts: { message } },
    {
      name: `${pattern}, often`,
      conditions: { any: repeat(8, () => ({ not: leaf('matches', pattern) })) },
      facts: { message },
    },
  ]),
]

/** One step beyond a limit, or made of what is never accepted. */
export const REFUSED: readonly Omit<Bomb, 'facts'>[] = [
  { name: 'too deep', conditions: nest(DEPTH_MAX + 2, 'all', { any: [leaf('equal', 'a')] }) },
  { name: 'too many nots', conditions: nest(40, 'not', leaf('equal', 'a')) },
  { name: 'too wide', conditions: { any: repeat(LEAVES_MAX + 1, (n) => leaf('equal', `a${n}`)) } },
  { name: 'a value that is too long', conditions: leaf('equal', 'a'.repeat(257)) },
  {
    name: 'too many bytes',
    conditions: {
      any: repeat(99, () =>
        leaf(
          'in',
          repeat(10, (n) => `${n}${'x'.repeat(100)}`),
        ),
      ),
    },
  },
  { name: 'an empty group', conditions: { all: [] } },
  { name: 'two groups side by side', conditions: { all: [leaf('equal', 'a')], any: [leaf('equal', 'a')] } },
  {
    name: 'JSONPath',
    conditions: { ...leaf('equal', 'a'), path: '$..[?(@.constructor.constructor("return process")())]' },
  },
  { name: 'parameters', conditions: { ...leaf('equal', 'a'), params: { a: 1 } } },
  { name: 'a reference back', conditions: leaf('matches', '(a)\\1') },
  { name: 'a look ahead', conditions: leaf('matches', '(?=a)a') },
  { name: 'a pattern that is too large', conditions: leaf('matches', '((a{1,30}){1,30}){1,30}') },
  { name: 'a repeat that is too large', conditions: leaf('matches', 'a{1001}') },
  { name: 'a hundred patterns', conditions: { any: repeat(LEAVES_MAX, (n) => leaf('matches', `(a|b|c){1,20}${n}`)) } },
  { name: 'an operator of nobody', conditions: leaf('constructor', 'a') },
  { name: 'a fact of nobody', conditions: leaf('equal', 'a', '__proto__') },
]

/** Known to be conditions once the document was found valid. */
export function asConditions(conditions: unknown): Conditions {
  return conditions as Conditions // whoever calls this hands it to the validation next
}
