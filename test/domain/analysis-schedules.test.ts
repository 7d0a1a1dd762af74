import { test } from 'tap'
import { analyseRules } from '../../src/domain/analysis/analyse.ts'
import type { RuleWarning } from '../../src/domain/analysis/rule-warning.ts'
import type { Conditions } from '../../src/domain/conditions.ts'
import type { RuleDocument, Schedule } from '../../src/domain/rule.ts'
import { witnessProblem } from './analysis-witnesses.ts'
import { buildRule } from './rule-builder.ts'

const EVERYTHING: Conditions = { fact: 'event', operator: 'exists' }
const WORKDAYS = [1, 2, 3, 4, 5]
const EVERY_DAY = [1, 2, 3, 4, 5, 6, 7]

function windowOf(days: number[], from: string, to: string): Schedule['windows'][number] {
  return { days, from, to }
}

function buildSchedule(...windows: Schedule['windows']): Schedule {
  return { timezone: 'Europe/Berlin', windows }
}

/** The warnings; the engine confirms that their witnesses show what they say. */
async function warningsOf(...rules: RuleDocument[]): Promise<RuleWarning[]> {
  const warnings = analyseRules(rules, {})
  for (const warning of warnings) {
    const problem = await witnessProblem(rules, warning)
    if (problem !== undefined) throw new Error(`The witness of ${warning.rule} ${problem}`)
  }
  return warnings
}

const WHOLE_WEEK: readonly (readonly [what: string, windows: Schedule['windows']])[] = [
  ['whole days', [windowOf(EVERY_DAY, '00:00', '24:00')]],
  ['days that end at midnight', [windowOf(EVERY_DAY, '00:01', '00:00'), windowOf(EVERY_DAY, '00:00', '00:01')]],
  ['days and nights', [windowOf(EVERY_DAY, '09:00', '18:00'), windowOf(EVERY_DAY, '18:00', '09:00')]],
  [
    'a night from Sunday to Monday among others',
    [
      windowOf(WORKDAYS, '06:00', '22:00'),
      windowOf([6, 7], '00:00', '24:00'),
      windowOf([1, 2, 3, 4, 7], '22:00', '06:00'),
    ].concat(windowOf([5], '22:00', '24:00')),
  ],
]

for (const [what, windows] of WHOLE_WEEK) {
  test(`outside windows that cover the whole week, a rule never matches: ${what}`, async (t) => {
    const [warning, ...more] = await warningsOf(
      buildRule({ schedule: { ...buildSchedule(...windows), outside: true } }),
    )
    t.match(warning, { code: 'never_matches', certainty: 'certain', pointer: '/schedule', witness: null })
    t.equal(
      warning?.message,
      'No chat can match this rule, because its windows cover the whole week and "outside" is true, so its schedule ' +
        'never opens. Correct the windows, or remove "outside".',
    )
    t.strictSame(more, [])
  })

  test(`a schedule whose windows cover the whole week changes nothing: ${what}`, async (t) => {
    const [warning, ...more] = await warningsOf(buildRule({ schedule: buildSchedule(...windows) }))
    t.match(warning, { code: 'redundant_condition', certainty: 'certain', pointer: '/schedule' })
    t.match(warning?.message, 'This schedule changes nothing, as its windows cover the whole week. Remove it')
    t.match(warning?.witness, { at: null, facts: { language: 'de' } })
    t.strictSame(more, [])
  })
}

test('with a minute of the week left out, a schedule says something', async (t) => {
  const but = buildSchedule(windowOf([1, 2, 3, 4, 5, 6], '00:00', '24:00'), windowOf([7], '00:00', '23:59'))
  t.strictSame(await warningsOf(buildRule({ schedule: but })), [])
  t.strictSame(await warningsOf(buildRule({ schedule: { ...but, outside: true } })), [])
})

test('a rule whose schedule never opens takes no chats from others, and one that is always open does', async (t) => {
  const always = buildSchedule(windowOf(EVERY_DAY, '00:00', '24:00'))
  const first = buildRule({ key: 'first', priority: 900, schedule: { ...always, outside: true } })
  t.match(await warningsOf(first, buildRule()), [{ rule: 'first', code: 'never_matches' }])
  t.match(await warningsOf({ ...first, schedule: always }, buildRule()), [
    { rule: 'first', code: 'redundant_condition' },
    { rule: 'german', code: 'never_reached', others: ['first'] },
  ])
})

test('a window that the others cover changes nothing; of two that are the same, the later one is named', async (t) => {
  const office = windowOf(WORKDAYS, '09:00', '18:00')
  const [twice, ...more] = await warningsOf(buildRule({ schedule: buildSchedule(office, office) }))
  t.match(twice, { code: 'redundant_condition', certainty: 'certain', pointer: '/schedule/windows/1' })
  t.match(twice?.message, 'This window, 09:00 to 18:00, changes nothing, as the other windows cover it. Remove it')
  t.match(twice?.witness?.at, /^2026-03-02T08:00/)
  t.strictSame(more, [])
  const halves = [windowOf([1], '08:00', '12:00'), windowOf([1], '12:00', '18:00')]
  const covered = await warningsOf(buildRule({ schedule: buildSchedule(windowOf([1], '09:00', '17:00'), ...halves) }))
  t.match(covered, [{ pointer: '/schedule/windows/0' }])
  const saysSomething: readonly (readonly [what: string, windows: Schedule['windows']])[] = [
    ['an hour', [windowOf([7], '22:00', '06:00'), windowOf([1], '05:00', '09:00')]],
    ['its last minute', [office, windowOf([5], '17:00', '18:01')]],
    ['one of its days', [office, windowOf([5, 6], '10:00', '12:00')]],
  ]
  for (const [what, windows] of saysSomething) {
    t.strictSame(await warningsOf(buildRule({ schedule: buildSchedule(...windows) })), [], what)
  }
})

test('where a schedule lies within that of an earlier rule, the rule is never reached, however the zone is called', async (t) => {
  const office = buildSchedule(windowOf(WORKDAYS, '09:00', '18:00'))
  const wide = buildRule({ key: 'wide', priority: 900, schedule: { ...office, timezone: 'Europe/Kyiv' } })
  const monday = windowOf([1], '10:00', '12:00')
  const narrow = buildRule({ key: 'narrow', schedule: { timezone: 'europe/kiev', windows: [monday] } })
  t.match(await warningsOf(wide, narrow), [
    { rule: 'narrow', code: 'never_reached', others: ['wide'], witness: { at: '2026-03-02T08:00:00.000Z' } },
  ])
  const early = { ...narrow, schedule: { timezone: 'Europe/Kyiv', windows: [windowOf([1], '08:59', '12:00')] } }
  t.strictSame(await warningsOf(wide, early), [], 'a minute is left')
  const elsewhere = { ...narrow, schedule: { timezone: 'Europe/Berlin', windows: [monday] } }
  t.strictSame(await warningsOf(wide, elsewhere), [], 'of two zones nothing is proven')
  const alike = { ...narrow, schedule: { ...office, timezone: 'America/New_York' } }
  t.strictSame(await warningsOf(wide, alike), [], 'though their windows are called the same')
})

test('shifts that cover the week between them leave nothing for a rule below', async (t) => {
  const shift = (key: string, ...windows: Schedule['windows']) =>
    buildRule({ key, priority: 900, conditions: EVERYTHING, schedule: buildSchedule(...windows) })
  const early = shift('early', windowOf(EVERY_DAY, '06:00', '14:00'))
  const late = shift('late', windowOf(EVERY_DAY, '14:00', '22:00'))
  const night = shift('night', windowOf(EVERY_DAY, '22:00', '06:00'))
  t.match(await warningsOf(early, late, night, buildRule()), [
    { rule: 'german', code: 'never_reached', others: ['early', 'late', 'night'] },
  ])
  const short = shift('night', windowOf(EVERY_DAY, '22:00', '05:59'))
  t.strictSame(await warningsOf(early, late, short, buildRule()), [])
})

test('order decides in the minutes that two schedules share, in one zone or two', async (t) => {
  const first = buildRule({ key: 'a', schedule: buildSchedule(windowOf([1], '09:00', '12:07')) })
  const second = (timezone: string, from: string) =>
    buildRule({ key: 'b', department: 8, schedule: { timezone, windows: [windowOf([1], from, '18:00')] } })
  t.match(await warningsOf(first, second('Europe/Berlin', '12:06')), [
    { code: 'order_decides', certainty: 'certain', witness: { at: '2026-03-02T11:06:00.000Z' } },
  ])
  t.match(await warningsOf(first, second('Asia/Kathmandu', '16:50')), [
    { code: 'order_decides', certainty: 'certain', witness: { at: '2026-03-02T11:05:00.000Z' } },
  ])
  t.match(await warningsOf(first, second('Australia/Brisbane', '12:00')), [
    { code: 'order_decides', certainty: 'certain', witness: { at: '2026-07-06T07:00:00.000Z' } }, // in summer only
  ])
  t.strictSame(await warningsOf(first, second('Europe/Berlin', '12:07')), [])
})
