import { test } from 'tap'
import type { RuleDocument, RuleTest } from '../../src/domain/rule.ts'
import { runRuleTests } from '../../src/domain/rule-tests.ts'
import { buildRule } from './rule-builder.ts'

const german = { language: 'de' }
const schedule = { timezone: 'Europe/Berlin', windows: [{ days: [1], from: '09:00', to: '18:00' }] }

async function run(ruleTest: Partial<RuleTest>, overrides: Partial<RuleDocument> = {}) {
  const tests: RuleTest[] = [{ name: 'a', facts: german, expect: 'match', ...ruleTest }]
  const [result] = await runRuleTests(buildRule({ ...overrides, tests }))
  return result
}

test('a test says what its facts come to, and passes when that is expected', async (t) => {
  const passed = { name: 'a', expect: 'match', actual: 'match', passed: true, pointer: '/tests/0' }
  t.strictSame(await run({}), passed)
  t.match(await run({ facts: { language: 'fr' } }), { actual: 'no_match', passed: false })
  t.match(await run({ facts: {}, expect: 'unknown' }), { actual: 'unknown', passed: true })
})

test('with a moment the schedule is tested too: closed is no match', async (t) => {
  t.match(await run({ at: '2026-03-02T10:00:00+01:00' }, { schedule }), { actual: 'match' })
  t.match(await run({ at: '2026-03-02T18:00:00+01:00' }, { schedule }), { actual: 'no_match' })
  t.match(await run({ at: '2026-03-02T18:00:00+01:00', facts: {} }, { schedule }), { actual: 'no_match' })
})

test('of a test at a closed moment it is said what time it was by the clock of the schedule', async (t) => {
  const closed = await run(
    { at: '2026-03-30T09:30:00+01:00', expect: 'match' },
    { schedule: { ...schedule, outside: true } },
  )
  t.match(closed, { passed: false, why: 'Only outside its windows (Europe/Berlin): it was Monday, 10:30.' })
  t.notOk((await run({ at: '2026-03-30T09:30:00+01:00', facts: { language: 'fr' } }, { schedule }))?.why)
})

test('without a moment, or without a schedule, only the conditions count', async (t) => {
  t.match(await run({}, { schedule }), { actual: 'match' })
  t.match(await run({ at: '2026-03-02T18:00:00+01:00' }), { actual: 'match' })
})

test('neither status nor events matter to a test', async (t) => {
  t.match(await run({}, { status: 'disabled', events: ['chat.closed'] }), { actual: 'match' })
})

test('a rule without tests has no results', async (t) => {
  t.strictSame(await runRuleTests(buildRule()), [])
})
