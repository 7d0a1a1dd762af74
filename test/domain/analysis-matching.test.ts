import { test } from 'tap'
import { analyseRules } from '../../src/domain/analysis/analyse.ts'
import type { RuleWarning } from '../../src/domain/analysis/rule-warning.ts'
import type { Conditions, Leaf } from '../../src/domain/conditions.ts'
import { NONE } from '../support/none.ts'
import { witnessProblem } from './analysis-witnesses.ts'
import { buildRule } from './rule-builder.ts'

type Case = readonly [what: string, conditions: Conditions, pointer: string]

const german = leaf('language', 'equal', 'de')

/** The only warning about a rule with these conditions; its witness is put to the engine. */
async function onlyWarning(conditions: Conditions): Promise<RuleWarning | undefined> {
  const rule = buildRule({ conditions })
  const [warning, ...more] = analyseRules([rule], {})
  if (more.length > 0) throw new Error(`More than one warning: ${more.map(({ code }) => code)}`)
  const problem = warning && (warning.witness === null ? 'there is none' : await witnessProblem([rule], warning))
  if (problem !== undefined) throw new Error(`The witness: ${problem}`)
  return warning
}

function leaf(fact: string, operator: string, value?: unknown): Leaf {
  // A table of cases is easier to read without a type for each operator.
  return { fact, operator, ...(value === undefined ? {} : { value }) } as Leaf
}

const NEVER: readonly Case[] = [
  ['two values at once', { all: [german, leaf('language', 'equal', 'fr')] }, '/conditions/all/1'],
  ['a value and not it', { all: [german, { not: leaf('language', 'in', ['DE ', 'fr']) }] }, '/conditions/all/1'],
  [
    'numbers that leave no room',
    { all: [leaf('custom.seats', 'lessThan', 5), leaf('custom.seats', 'equal', '5.0')] },
    '/conditions/all/1',
  ],
  [
    'a tag that is there and is not',
    { all: [leaf('tags', 'containsAll', ['vip', 'beta']), leaf('tags', 'containsNone', ['Beta', 'x'])] },
    '/conditions/all/1',
  ],
  ['known and unknown', { all: [leaf('plan', 'missing'), leaf('plan', 'notEqual', 'free')] }, '/conditions/all/1'],
  ['another event', { all: [german, leaf('event', 'equal', 'chat.closed')] }, '/conditions/all/1'],
  [
    'the same words found and not found',
    { all: [leaf('message', 'includesWord', 'invoice'), { not: leaf('message', 'includesWord', 'Invoice ') }] },
    '/conditions/all/1',
  ],
  [
    'a value that fails a test for text',
    { all: [leaf('plan', 'equal', 'pro'), leaf('plan', 'startsWith', 'enter')] },
    '/conditions/all/1',
  ],
  ['two flags', { all: [leaf('blocked', 'notEqual', true), leaf('blocked', 'notEqual', false)] }, '/conditions/all/1'],
  ['alternatives none of which can be', { any: [{ all: [german, { not: german }] }] }, '/conditions'],
]

for (const [what, conditions, pointer] of NEVER) {
  test(`a rule never matches: ${what}`, async (t) => {
    t.match(await onlyWarning(conditions), { code: 'never_matches', certainty: 'certain', pointer })
  })
}

test('of a contradiction, only the conditions that make it are named, and the rest is shown', async (t) => {
  const plan = leaf('plan', 'equal', 'pro')
  const warning = await onlyWarning({ all: [german, plan, leaf('language', 'equal', 'fr')] })
  t.equal(
    warning?.message,
    'No chat can match this rule, because these can never be true together: language is "de"; language is "fr". ' +
      'Correct or remove one of its conditions.',
  )
  t.match(warning?.witness, { event: 'chat.new', at: null, facts: { language: 'de', plan: 'pro' } })
})

const MAY_MATCH: readonly (readonly [what: string, conditions: Conditions])[] = [
  ['two tags', { all: [leaf('tags', 'contains', 'vip'), leaf('tags', 'contains', 'beta')] }],
  ['different words', { all: [leaf('message', 'includesWord', 'a'), { not: leaf('message', 'startsWith', 'a') }] }],
  ['a Turkish capital in a pattern', { all: [leaf('city', 'equal', 'izmir'), leaf('city', 'matches', 'İZMİR')] }],
  ['a Turkish capital beside another', { all: [leaf('city', 'equal', 'izmir'), leaf('city', 'matches', 'İZMIR')] }],
  [
    'a Turkish capital for one without a dot',
    { all: [leaf('city', 'equal', 'IZMIR'), leaf('city', 'matches', '^\\W')] },
  ],
  ['a case that a pattern minds', { all: [leaf('plan', 'equal', 'pro'), leaf('plan', 'matches', '(?-i)^Pro$')] }],
  ['a number spelt otherwise', { all: [leaf('plan', 'equal', 12), leaf('plan', 'endsWith', '.0')] }],
  ['a word in a number', { all: [leaf('plan', 'greaterThan', 3), leaf('plan', 'includesWord', '#5')] }],
  ['a number between', { all: [leaf('custom.seats', 'greaterThan', 5), leaf('custom.seats', 'lessThan', 6)] }],
  [
    'a custom attribute that is no flag',
    { all: [leaf('custom.beta', 'notEqual', true), leaf('custom.beta', 'exists')] },
  ],
]

test('what may match is not said never to match', async (t) => {
  for (const [what, conditions] of MAY_MATCH) {
    const found = analyseRules([buildRule({ conditions })], {}).map(({ code }) => code)
    t.notOk(found.includes('never_matches'), what)
  }
})

test('a rule that looks as if it chose and matches every chat always matches', async (t) => {
  const warning = await onlyWarning({ any: [leaf('plan', 'missing'), leaf('plan', 'exists')] })
  t.match(warning, { code: 'always_matches', certainty: 'certain', pointer: '/conditions', others: NONE })
})

test('a value or not it is not always known, so it does not always match', async (t) => {
  t.equal(await onlyWarning({ any: [german, { not: german }] }), undefined)
})

test('a plain rule for everything is fine where it is tried last, and while its schedule leaves others a chance', (t) => {
  const schedule = { timezone: 'Europe/Kyiv', windows: [{ days: [6, 7], from: '00:00', to: '24:00' }] }
  const everything = buildRule({ key: 'all', conditions: leaf('event', 'exists') })
  const weekend = { ...everything, key: 'weekend', priority: 900, schedule }
  t.strictSame(analyseRules([{ ...everything, priority: 1 }, weekend, buildRule()], {}), [])
  const closed = buildRule({ key: 'closed', priority: 1, events: ['chat.closed'] })
  t.strictSame(analyseRules([everything, closed], {}), [])
  t.end()
})

test('a rule for everything that is not tried last names whom it hides', async (t) => {
  const rules = [buildRule({ key: 'all', priority: 900, conditions: leaf('event', 'exists') }), buildRule()]
  const [warning] = analyseRules(rules, {})
  t.match(warning, {
    rule: 'all',
    code: 'always_matches',
    others: ['german'],
    witness: { facts: { event: 'chat.new' } },
  })
})

const REDUNDANT: readonly Case[] = [
  ['the same twice', { all: [german, leaf('language', 'equal', 'DE')] }, '/conditions/all/1'],
  ['known, and of a value', { all: [leaf('plan', 'exists'), leaf('plan', 'equal', 'pro')] }, '/conditions/all/0'],
  ['a wider range', { all: [leaf('custom.a', 'lessThan', 5), leaf('custom.a', 'lessThan', 9)] }, '/conditions/all/1'],
  ['a narrower alternative', { any: [german, leaf('language', 'in', ['de', 'fr'])] }, '/conditions/any/0'],
  [
    'an alternative that can never be',
    { any: [german, { all: [leaf('plan', 'missing'), leaf('plan', 'exists')] }] },
    '/conditions/any/1',
  ],
  ['the event it listens to', { all: [german, leaf('event', 'equal', 'chat.new')] }, '/conditions/all/1'],
  [
    'under a not',
    { all: [german, { not: { any: [leaf('language', 'equal', 'fr'), leaf('plan', 'equal', 'pro')] } }] },
    '/conditions/all/1/not/any/0',
  ],
  [
    'tags already asked for',
    { all: [leaf('tags', 'containsAll', ['vip', 'beta']), leaf('tags', 'contains', 'vip')] },
    '/conditions/all/1',
  ],
]

for (const [what, conditions, pointer] of REDUNDANT) {
  test(`a condition is redundant: ${what}`, async (t) => {
    t.match(await onlyWarning(conditions), { code: 'redundant_condition', certainty: 'certain', pointer })
  })
}

test('a condition that keeps out what is unknown is not redundant', async (t) => {
  const conditions: Conditions = {
    any: [german, { all: [leaf('language', 'missing'), leaf('country', 'equal', 'DE')] }],
  }
  t.equal(await onlyWarning(conditions), undefined)
})
