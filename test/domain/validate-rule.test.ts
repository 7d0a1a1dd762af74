import { test } from 'tap'
import { readRule } from '../../src/domain/validate-rule.ts'
import { buildRule } from './rule-builder.ts'

const LEAF = { fact: 'language', operator: 'equal', value: 'de' }

/** Every problem of a document, by pointer. */
function problemsOf(input: unknown): Record<string, string> {
  const reading = readRule(input)
  if (reading.kind === 'valid') return {}
  return Object.fromEntries(reading.problems.map(({ pointer, message }) => [pointer, message]))
}

/** A rule with something that its type would not allow. */
function buildJson(overrides: Record<string, unknown>): unknown {
  return { ...buildRule(), ...overrides }
}

test("the contract's own example is valid and comes back as it was", async (t) => {
  const document = {
    key: 'german-vip',
    name: 'German-speaking VIPs',
    description: 'Agreed with the DACH team',
    status: 'enabled',
    priority: 900,
    events: ['chat.new'],
    conditions: {
      all: [
        { fact: 'language', operator: 'equal', value: 'de' },
        {
          any: [
            { fact: 'plan', operator: 'in', value: ['pro', 'enterprise'] },
            { fact: 'tags', operator: 'contains', value: 'vip' },
          ],
        },
        { not: { fact: 'country', operator: 'in', value: ['CH', 'AT'] } },
      ],
    },
    schedule: { timezone: 'Europe/Berlin', windows: [{ days: [1, 2, 3, 4, 5], from: '09:00', to: '18:00' }] },
    department: 233048,
    tests: [{ name: 'pro customer', facts: { language: 'de', plan: 'Pro', country: 'DE' }, expect: 'match' }],
  }
  t.strictSame(readRule(document), { kind: 'valid', rule: document })
})

test('a single comparison is a condition, too', async (t) => {
  t.equal(readRule(buildJson({ conditions: LEAF })).kind, 'valid')
})

const REFUSED: readonly (readonly [
  title: string,
  overrides: Record<string, unknown>,
  pointer: string,
  message: RegExp,
])[] = [
  [
    'a key with capitals or blanks',
    { key: 'German VIP' },
    '/key',
    /"German VIP".*lower-case letters, digits.*german-vip/,
  ],
  ['a key that ends in a hyphen', { key: 'german-' }, '/key', /single hyphens/],
  ['a key of 65 characters', { key: 'a'.repeat(65) }, '/key', /too long.*64/],
  ['an empty name', { name: '' }, '/name', /1 to 120/],
  ['a blank name', { name: '  ' }, '/name', /1 to 120/],
  ['a name of 121 characters', { name: 'x'.repeat(121) }, '/name', /too long/],
  ['a description of 2,001 characters', { description: 'x'.repeat(2001) }, '/description', /too long.*2000/],
  ['a status that does not exist', { status: 'enable' }, '/status', /Did you mean "enabled"\?/],
  ['a priority of 0', { priority: 0 }, '/priority', /It is 0.*1 to 10000/],
  ['a priority of 10001', { priority: 10_001 }, '/priority', /1 to 10000/],
  ['a priority that is text', { priority: 'abc' }, '/priority', /"abc".*whole number/],
  ['a priority with a fraction', { priority: 1.5 }, '/priority', /whole number/],
  ['an infinite priority', { priority: Number.POSITIVE_INFINITY }, '/priority', /whole number/],
  ['a department of 0', { department: 0 }, '/department', /positive whole number/],
  ['a department in quotes', { department: '7' }, '/department', /without quotes/],
  ['an event that does not exist', { events: ['chat.created', 'chat.neww'] }, '/events/1', /Did you mean "chat.new"\?/],
  ['a customer event', { events: ['customer.new'] }, '/events/0', /chat or message event/],
  ['no events at all', { events: [] }, '/events', /It is empty/],
  ['an event named twice', { events: ['chat.new', 'chat.new'] }, '/events', /twice/],
  ['reroute as text', { reroute: 'yes' }, '/reroute', /true or false/],
  ['an unknown property', { prioritty: 1 }, '/prioritty', /no property "prioritty".*Did you mean "priority"\?/],
  ['an unknown property like no other', { color: 'red' }, '/color', /Remove it; known here: .*department/],
  ["json-rules-engine's event", { event: { type: 'error' } }, '/event', /no engine event.*department/],
]

const REFUSED_SCHEDULES: readonly (readonly [title: string, schedule: unknown, pointer: string, message: RegExp])[] = [
  ['a misspelt time zone', { timezone: 'Europe/Berln', windows: [] }, '/timezone', /Did you mean "Europe\/Berlin"\?/],
  ['an offset as time zone', { timezone: '+02:00', windows: [] }, '/timezone', /Use a name such as/],
  ['an abbreviation that is no IANA zone', { timezone: 'BST', windows: [] }, '/timezone', /Use a name such as/],
  ['the same in small letters', { timezone: 'ist', windows: [] }, '/timezone', /Use a name such as/],
  ['no windows', { timezone: 'UTC', windows: [] }, '/windows', /empty/],
  ['an unknown property in a schedule', { timezone: 'UTC', zone: 1 }, '/zone', /no property "zone"/],
  ['a window without days', buildWindow({ days: [] }), '/windows/0/days', /empty.*1 is Monday/],
  ['day 0', buildWindow({ days: [0] }), '/windows/0/days/0', /ISO day/],
  ['a day named twice', buildWindow({ days: [1, 1] }), '/windows/0/days', /twice/],
  ['a time without its zero', buildWindow({ from: '9:00' }), '/windows/0/from', /"9:00".*HH:MM/],
  ['24:00 as a start', buildWindow({ from: '24:00' }), '/windows/0/from', /23:59/],
  ['24:01 as an end', buildWindow({ to: '24:01' }), '/windows/0/to', /24:00/],
  ['a window of no length', buildWindow({ from: '09:00', to: '09:00' }), '/windows/0/to', /"00:00" to "24:00"/],
  [
    'an unknown property in a window',
    buildWindow({ until: '10:00' }),
    '/windows/0/until',
    /known here: days, from, to/,
  ],
]

const REFUSED_TESTS: readonly (readonly [title: string, ruleTest: unknown, pointer: string, message: RegExp])[] = [
  ['a test without a name', { facts: {}, expect: 'match' }, '/name', /name is missing/],
  ['an expectation that does not exist', { name: 'a', facts: {}, expect: 'matches' }, '/expect', /mean "match"\?/],
  [
    'a fact in a test that does not exist',
    buildTest({ langauge: 'de' }),
    '/facts/langauge',
    /Did you mean "language"\?/,
  ],
  ['null as a fact', buildTest({ plan: null }), '/facts/plan', /Leave .* out/],
  ['blank text as a fact', buildTest({ plan: ' ' }), '/facts/plan', /counts as unknown\. Leave plan out/],
  ['blank text in a list', buildTest({ tags: ['vip', ''] }), '/facts/tags', /blank text in it.*Take it out/],
  [
    'a text that is longer than a real one',
    buildTest({ plan: 'x'.repeat(1001) }),
    '/facts/plan',
    /only 1000 characters/,
  ],
  ['such a text in a list', buildTest({ tags: ['vip', 'x'.repeat(1001)] }), '/facts/tags', /only 1000 characters/],
  ['such a message', buildTest({ message: 'x'.repeat(8001) }), '/facts/message', /only 8000 characters/],
  ['text for a list', buildTest({ tags: 'vip' }), '/facts/tags', /tags is a list/],
  ['text for a number', buildTest({ department: '7' }), '/facts/department', /without quotes/],
  ['a number for true or false', buildTest({ blocked: 1 }), '/facts/blocked', /true or false/],
  ['a list for text', buildTest({ plan: ['pro'] }), '/facts/plan', /plan is text/],
  ['an object for a custom attribute', buildTest({ 'custom.a/b': {} }), '/facts/custom.a~1b', /an object/],
  [
    'an attribute with a blank before it',
    buildTest({ 'custom. a': 1 }),
    '/facts/custom. a',
    /begins or ends with a blank/,
  ],
  ['a list of lists', buildTest({ 'custom.a': [[]] }), '/facts/custom.a', /list of texts and numbers/],
  ['a moment without offset', { ...buildTest({}), at: '2026-03-02T10:00:00' }, '/at', /offset/],
  ['a day that does not exist', { ...buildTest({}), at: '2026-02-30T10:00:00Z' }, '/at', /offset/],
  [
    'a moment that Date cannot read',
    { ...buildTest({}), at: '2026-03-02T10:00:00Z[Europe/Berlin]' },
    '/at',
    /no moment/,
  ],
  ['a moment of the year 10000', { ...buildTest({}), at: '9999-12-31T23:59:59-14:00' }, '/at', /no moment/],
  ['an unknown property in a test', { ...buildTest({}), fact: {} }, '/fact', /Did you mean "facts"\?/],
]

for (const [title, overrides, pointer, message] of [
  ...REFUSED,
  ...REFUSED_SCHEDULES.map(
    ([title, schedule, at, message]) => [title, { schedule }, `/schedule${at}`, message] as const,
  ),
  ...REFUSED_TESTS.map(([title, one, at, message]) => [title, { tests: [one] }, `/tests/0${at}`, message] as const),
]) {
  test(`refused with advice: ${title}`, async (t) => {
    t.match(problemsOf(buildJson(overrides))[pointer], message)
  })
}

test('an abbreviation that is an IANA zone is one, in small letters too', async (t) => {
  for (const timezone of ['CET', 'EST', 'WET', 'utc']) {
    t.strictSame(problemsOf(buildJson({ schedule: { ...Object(buildWindow({})), timezone } })), {}, timezone)
  }
})

test('facts may have the size of real ones', async (t) => {
  const facts = { plan: 'x'.repeat(1000), 'custom.ids': ['x'.repeat(1000), 5], message: 'x'.repeat(8000) }
  t.strictSame(problemsOf(buildJson({ tests: [buildTest(facts)] })), {})
})

test('two tests of one name are refused', async (t) => {
  const problems = problemsOf(buildJson({ tests: [buildTest({}), buildTest({})] }))
  t.match(problems, { '/tests/1/name': /Another test is named "a" already/ })
})

test('what is left out of a rule is named, with what it should be', async (t) => {
  const problems = problemsOf({})
  t.strictSame(Object.keys(problems).toSorted(), [
    '/conditions',
    '/department',
    '/key',
    '/name',
    '/priority',
    '/status',
  ])
  t.match(problems['/department'], /department is missing. Expected: the id of a HelpCrunch department/)
})

test('all problems come at once, however many, each with its own pointer', async (t) => {
  const tests = Array.from({ length: 12 }, (_, index) => ({ name: `${index}`, facts: { nope: 1 }, expect: 'maybe' }))
  const conditions = { all: [{ ...LEAF, operator: 'is' }, { ...LEAF, fact: 'tongue' }, { any: [] }] }
  const problems = Object.keys(problemsOf({ ...buildRule(), key: '', department: -1, extra: 1, conditions, tests }))
  t.equal(problems.length, 3 + 3 + 24)
  for (const pointer of ['/key', '/department', '/extra', '/tests/11/expect', '/tests/11/facts/nope']) {
    t.ok(problems.includes(pointer), pointer)
  }
  t.ok(problems.includes('/conditions/all/0/operator') && problems.includes('/conditions/all/2/any'))
})

function buildWindow(overrides: Record<string, unknown>): unknown {
  return { timezone: 'UTC', windows: [{ days: [1], from: '09:00', to: '18:00', ...overrides }] }
}

function buildTest(facts: Record<string, unknown>): Record<string, unknown> {
  return { name: 'a', facts, expect: 'match' }
}
