import { test } from 'tap'
import type { Conditions } from '../../src/domain/conditions.ts'
import { readRule } from '../../src/domain/validate-rule.ts'
import { buildRule } from './rule-builder.ts'

const LEAF: Conditions = { fact: 'language', operator: 'equal', value: 'de' }

/** The problems of conditions, which may be any JSON; pointers from the conditions on. */
function problemsOf(conditions: unknown): Record<string, string> {
  const reading = readRule({ ...buildRule(), conditions })
  if (reading.kind === 'valid') return {}
  return Object.fromEntries(
    reading.problems.map(({ pointer, message }) => [pointer.replace('/conditions', ''), message]),
  )
}

function leaf(fact: unknown, operator: unknown, value: unknown): Record<string, unknown> {
  return { fact, operator, value }
}

/** What json-rules-engine 7.3.1 would take, and take for something else than it looks like. */
const TRAPS: readonly (readonly [title: string, conditions: unknown, pointer: string, message: RegExp])[] = [
  ['an empty all, which is true', { all: [] }, '/all', /empty/],
  ['an empty any, which is true', { any: [] }, '/any', /empty/],
  ['all beside any, which is ignored', { all: [LEAF], any: [LEAF] }, '', /all and any stand side by side/],
  ['any beside not', { any: [LEAF], not: LEAF }, '', /any and not stand side by side/],
  ['a path, which is JSONPath that may run code', { ...LEAF, path: '$.x' }, '/path', /JSONPath/],
  ['params', { ...LEAF, params: {} }, '/params', /no params/],
  ["a condition's priority, where 0 is 1 and abc is NaN", { ...LEAF, priority: 0 }, '/priority', /no priority/],
  ["a group's priority", { all: [LEAF], priority: 2 }, '/priority', /no priority/],
  ['a reference to a shared condition', { condition: 'vip' }, '/condition', /no property "condition"/],
  ['a decorated operator', leaf('tags', 'someFact:equal', 'vip'), '/operator', /no operator "someFact:equal"/],
  ['an operator of the prototype', leaf('tags', 'constructor', 'vip'), '/operator', /no operator "constructor"/],
  ['a fact of the prototype', leaf('toString', 'exists', true), '/fact', /no fact "toString"/],
  ['in against text, a substring test', leaf('plan', 'in', 'professional'), '/value', /in takes a list/],
  ['in against a number, which throws', leaf('plan', 'in', 5), '/value', /in takes a list/],
  [
    'contains on text, always false',
    leaf('language', 'contains', 'd'),
    '/operator',
    /contains cannot apply to language/,
  ],
  ['a fact as the value', leaf('plan', 'equal', { fact: 'city' }), '/value', /It is an object/],
  ['an unknown fact, which rejects the run', leaf('langauge', 'equal', 'de'), '/fact', /Did you mean "language"\?/],
  ['an unknown operator, which does too', leaf('language', 'equals', 'de'), '/operator', /Did you mean "equal"\?/],
]

const REFUSED: typeof TRAPS = [
  ['conditions that are a list', [LEAF], '', /It is a list. Expected/],
  ['conditions that are nothing', null, '', /It is null/],
  ['a member that is text', { all: ['vip'] }, '/all/0', /It is "vip"/],
  ['a group that is no list', { any: LEAF }, '/any', /Expected: a list of conditions/],
  ['not of a list', { not: [LEAF] }, '/not', /takes one condition/],
  ['a group with the name that other languages give it', { or: [LEAF] }, '/or', /no group "or": all means.+Expected/],
  ['a group in capitals', { all: [{ ANY: [LEAF] }] }, '/all/0/ANY', /no group "ANY"/],
  ['an unknown property in a group', { all: [LEAF], name: 'x' }, '/name', /known here: all, any, not/],
  ['an unknown property in a comparison', { ...LEAF, valeu: 1 }, '/valeu', /Did you mean "value"\?/],
  ['a comparison without fact', { operator: 'exists' }, '/fact', /fact is missing/],
  ['a comparison without operator', { fact: 'plan', value: 1 }, '/operator', /operator is missing. Operators: equal/],
  ['a comparison without value', { fact: 'plan', operator: 'in' }, '/value', /value is missing. in takes a list/],
  ['a fact that is no text', leaf(5, 'exists', true), '/fact', /It is 5/],
  ['a fact name of 257 characters', leaf(`custom.${'x'.repeat(250)}`, 'exists', true), '/fact', /too long/],
  [
    'an attribute with a blank after it',
    leaf('custom.seats ', 'exists', true),
    '/fact',
    /"custom.seats ": no attribute/,
  ],
  ['custom. without attribute', leaf('custom.', 'exists', true), '/fact', /custom.<attribute>/],
  ['an operator that is no text', leaf('plan', null, 'x'), '/operator', /It is null/],
  ['text of 257 characters', leaf('plan', 'equal', 'x'.repeat(257)), '/value', /1 to 256 characters/],
  ['a list with text of 257 characters', leaf('plan', 'in', ['x'.repeat(257)]), '/value', /1 to 256 characters/],
  ['a list of 101 values', leaf('plan', 'in', Array(101).fill('x')), '/value', /1 to 100 values/],
  ['an empty list', leaf('plan', 'notIn', []), '/value', /It is an empty list. notIn takes a list of 1 to 100 values/],
  ['an infinite number', leaf('plan', 'equal', Number.POSITIVE_INFINITY), '/value', /It is Infinity/],
  ['a number that is rounded', leaf('userId', 'equal', 1e16), '/value', /^10000000000000000 is .*Give it in quotes/],
  ['rounded numbers in a list', leaf('custom.ids', 'containsAny', [1, -1e16]), '/value', /^-10000000000000000 is too/],
  ['an id beyond all ids', leaf('department', 'in', [1e16]), '/value', /No id of HelpCrunch is so large/],
  ['ordering of a list', leaf('tags', 'lessThan', 5), '/operator', /tags, which is a list. Use one of: contains/],
  ['equal of a list', leaf('tags', 'equal', 'vip'), '/operator', /equal cannot apply to tags/],
  ['text operators on an id', leaf('department', 'startsWith', '2'), '/operator', /department, which is a number/],
  ['ordering of true and false', leaf('blocked', 'lessThan', 1), '/operator', /blocked, which is true or false/],
  ['ordering against a word', leaf('plan', 'lessThan', 'many'), '/value', /lessThan takes a number/],
  ['an id in quotes', leaf('department', 'equal', '7'), '/value', /numbers without quotes/],
  ['ids in quotes', leaf('assignee', 'in', [7, '8']), '/value', /numbers without quotes/],
  ['true in quotes', leaf('blocked', 'equal', 'true'), '/value', /true or false, without quotes/],
  ['text compared with true', leaf('plan', 'equal', true), '/value', /the fact is text/],
  ['between one number', leaf('custom.seats', 'between', [1]), '/value', /two numbers/],
  ['between words', leaf('custom.seats', 'between', ['1', '2']), '/value', /two numbers/],
  ['between downwards', leaf('custom.seats', 'between', [3, 1]), '/value', /smaller number first/],
  ['contains of several', leaf('tags', 'contains', ['a', 'b']), '/value', /containsAny/],
  ['exists false', leaf('plan', 'exists', false), '/value', /exists takes no value, or true/],
  [
    'a blank for what is unknown',
    leaf('custom.note', 'equal', ''),
    '/value',
    /blank text counts as unknown: use missing/,
  ],
  ['a blank in a list', leaf('plan', 'notIn', ['pro', '\u00a0']), '/value', /not blank/],
  ['a tag that is blank', leaf('tags', 'contains', ' '), '/value', /not blank/],
  ['a blank to look for', leaf('message', 'includesText', ' '), '/value', /not blank/],
  ['no word to look for', leaf('message', 'includesWord', '?!'), '/value', /no word in "\?!"/],
  ['a backreference', leaf('message', 'matches', '(a)\\1'), '/value', /refused: .*no backreferences/],
  ['a lookahead', leaf('message', 'matches', 'a(?=b)'), '/value', /refused: .*lookaheads/],
  ['a pattern that does not end', leaf('message', 'matches', '[a'), '/value', /missing closing ]/],
  ['a pattern that explodes', leaf('message', 'matches', '((a{100}){100}){100}'), '/value', /invalid repeat count/],
  ['a pattern that grows too large', leaf('message', 'matches', '\\p{L}{1000}'), '/value', /too large/],
  ['a sign that is read as another', leaf('message', 'matches', '№ ?[0-9]+'), '/value', /has "№".*it is "No" then/],
  ['a sign that is read as syntax', leaf('message', 'matches', 'so…'), '/value', /it is "\.{3}" then.* is "(\\\.){3}"/],
  [
    'the opposite of what was meant',
    leaf('tags', 'notContains', 'vip'),
    '/operator',
    /^(?!.*Did you mean "contains").*doesNotContain/s,
  ],
  ['half a surrogate pair', leaf('plan', 'equal', 'a\ud800'), '/value', /cannot be stored/],
  ['U+0000 in a fact name', leaf('custom.a\u0000', 'exists', true), '/fact', /cannot be stored/],
]

for (const [title, conditions, pointer, message] of [...TRAPS, ...REFUSED]) {
  test(`refused with advice: ${title}`, async (t) => {
    t.match(problemsOf(conditions)[pointer], message)
  })
}

test('the largest number that is kept exactly may be compared with, and a larger one where only the order counts', async (t) => {
  t.strictSame(problemsOf(leaf('userId', 'equal', Number.MAX_SAFE_INTEGER)), {})
  t.strictSame(problemsOf(leaf('custom.revenue', 'between', [0, 1e18])), {})
})

test('groups may be nested 8 deep, not 9', async (t) => {
  t.strictSame(problemsOf(nested(8)), {})
  t.match(problemsOf(nested(9)), { [`${'/not'.repeat(8)}`]: /more than 8 deep/ })
})

test('100 comparisons are allowed, not 101', async (t) => {
  t.strictSame(problemsOf({ all: [{ any: Array(50).fill(LEAF) }, { any: Array(50).fill(LEAF) }] }), {})
  t.match(problemsOf({ all: [{ any: Array(50).fill(LEAF) }, { any: Array(51).fill(LEAF) }] }), { '': /There are 101/ })
})

test('the patterns of a rule may be only so large together, and a list of words of 256 characters is not too large', async (t) => {
  const words = leaf('message', 'matches', 'rechnung|invoice|'.repeat(16).slice(0, 255))
  t.strictSame(problemsOf(words), {})
  t.match(problemsOf({ any: [words, words] }), { '': /patterns are too large together/ })
})

test('a rule may be 64 KiB of JSON, not more', async (t) => {
  const withFacts = (length: number) => {
    const facts = { 'custom.list': [...Array(68).fill('x'.repeat(950)), 'x'.repeat(length)] }
    return buildRule({ tests: [{ name: 'a', facts, expect: 'unknown' }] })
  }
  const room = 64 * 1024 - JSON.stringify(withFacts(0)).length
  t.equal(readRule(withFacts(room)).kind, 'valid')
  const reading = readRule(withFacts(room + 1))
  t.match(reading, { kind: 'invalid', problems: [{ pointer: '', message: /65537 bytes/ }] })
})

test('no JSON makes reading throw', async (t) => {
  const hostile: unknown[] = [
    null,
    5,
    'x',
    [],
    { ...buildRule(), conditions: nested(10_000) },
    JSON.parse(`{"conditions":${'['.repeat(10_000)}${']'.repeat(10_000)}}`),
    JSON.parse('{"__proto__":{"key":"a"},"constructor":{"prototype":{}},"conditions":{"__proto__":{"all":[]}}}'),
    JSON.parse(
      '{"conditions":{"all":[{"fact":{"__proto__":1},"operator":[],"value":{"fact":"x"}}]},"tests":[null,{"facts":[]}]}',
    ),
    {
      ...buildRule(),
      schedule: { timezone: {}, windows: [null, 1, { days: 'x' }] },
      tests: { length: 5 },
      name: '\ud800',
    },
  ]
  for (const input of hostile) t.equal(readRule(input).kind, 'invalid')
})

test('an own __proto__ is an unknown property like any other', async (t) => {
  const reading = readRule(JSON.parse(JSON.stringify(buildRule()).replace('{', '{"__proto__":{"x":1},')))
  t.match(reading, { kind: 'invalid', problems: [{ pointer: '/__proto__', message: /no property "__proto__"/ }] })
})

function nested(groups: number): Conditions {
  let conditions = LEAF
  for (let group = 0; group < groups; group++) conditions = { not: conditions }
  return conditions
}
