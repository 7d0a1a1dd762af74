import { test } from 'tap'
import type { Conditions } from '../../src/domain/conditions.ts'
import { explain } from '../../src/domain/explain.ts'
import type { Facts } from '../../src/domain/facts.ts'
import { nearestMisses } from '../../src/domain/nearest-miss.ts'
import type { RuleDocument } from '../../src/domain/rule.ts'
import { simulate } from '../../src/domain/simulate.ts'
import { buildCase, buildRule, buildRuleset } from './rule-builder.ts'

const german: Conditions = { fact: 'language', operator: 'equal', value: 'de' }
const enterprise: Conditions = { fact: 'plan', operator: 'equal', value: 'enterprise' }
const vip: Conditions = { fact: 'tags', operator: 'contains', value: 'vip' }
const swiss: Conditions = { fact: 'country', operator: 'equal', value: 'CH' }

const FACTS: Facts = { language: 'de', plan: 'pro', tags: [], country: 'CH' }

async function misses(rules: RuleDocument[], facts: Facts = FACTS, winner: string | null = null) {
  return nearestMisses(await explain(buildRuleset(...rules), buildCase(facts), winner), () => false)
}

/** How far one rule with these conditions is from matching, and by which conditions. */
async function missOf(conditions: Conditions, facts?: Facts) {
  const [miss] = await misses([buildRule({ conditions })], facts)
  return miss && [miss.away, ...miss.conditions.map(({ pointer }) => pointer.replace('/conditions/', ''))]
}

test('a rule one condition away says which, what it is and what the rule wants', async (t) => {
  t.strictSame(await misses([buildRule({ conditions: { all: [german, enterprise] } })]), [
    {
      rule: 'german',
      away: 1,
      conditions: [
        { pointer: '/conditions/all/1', fact: 'plan', operator: 'equal', value: 'enterprise', actual: 'pro' },
      ],
      message: 'one condition away: plan is "pro", the rule wants "enterprise"',
    },
  ])
})

test('an unknown fact is a condition away too', async (t) => {
  const [miss] = await misses([buildRule({ conditions: { all: [german, enterprise] } })], { language: 'de' })
  t.equal(miss?.message, 'one condition away: plan is unknown, the rule wants "enterprise"')
})

test('a fact that the operator cannot judge is said to be that, and nothing to be wanted of it', async (t) => {
  const conditions = { not: { fact: 'custom.teams', operator: 'equal', value: 'ops' } } as const
  const [miss] = await misses([buildRule({ conditions })], { 'custom.teams': ['ops'] })
  t.equal(miss?.message, 'one condition away: custom.teams is a list, which equal cannot judge')
})

test('a fact that nobody looked up is said to be just that, not unknown', async (t) => {
  const ruleset = buildRuleset(buildRule({ conditions: { fact: 'plan', operator: 'missing' } }))
  const policy = { mode: 'live', defaultDepartmentId: undefined, leaveAssigned: true } as const
  const { misses } = await simulate(ruleset, buildCase({ language: 'de' }), new Set(['customer']), policy)
  t.match(misses, [{ message: 'one condition away: plan was not looked up, the rule wants it to be unknown' }])
})

test('under a not, the opposite is wanted', async (t) => {
  const [miss] = await misses([buildRule({ conditions: { all: [german, { not: swiss }] } })])
  t.equal(miss?.message, 'one condition away: country is "CH", the rule wants anything but "CH"')
})

test('all needs every failing member, any the cheapest one, and not swaps the two', async (t) => {
  t.strictSame(await missOf({ all: [german, enterprise, vip] }), [2, 'all/1', 'all/2'])
  t.strictSame(await missOf({ any: [{ all: [enterprise, vip] }, vip] }), [1, 'any/1'])
  t.strictSame(await missOf({ not: { any: [german, swiss] } }), [2, 'not/any/0', 'not/any/1'])
  t.strictSame(await missOf({ not: { all: [german, swiss] } }), [1, 'not/all/0'])
  t.strictSame(await missOf({ all: [{ any: [enterprise, vip] }, { not: { not: vip } }] }), [
    2,
    'all/0/any/0',
    'all/1/not/not',
  ])
})

test('the nearest come first, then in the order tried', async (t) => {
  const rules = [
    buildRule({ key: 'far', priority: 900, conditions: { all: [enterprise, vip] } }),
    buildRule({ key: 'near-b', priority: 100, conditions: vip }),
    buildRule({ key: 'near-a', priority: 200, conditions: enterprise }),
  ]
  t.strictSame(
    (await misses(rules)).map(({ rule }) => rule),
    ['near-a', 'near-b', 'far'],
  )
})

test('only enabled rules that were tried and did not match are misses', async (t) => {
  const rules = [
    buildRule({ key: 'shadow', status: 'shadow', priority: 900, conditions: vip }),
    buildRule({ key: 'other-event', events: ['chat.closed'], priority: 800, conditions: vip }),
    buildRule({ key: 'tried', priority: 700, conditions: vip }),
    buildRule({ key: 'winner', priority: 500, conditions: german }),
    buildRule({ key: 'behind', priority: 1, conditions: vip }),
  ]
  t.strictSame(
    (await misses(rules, FACTS, 'winner')).map(({ rule }) => rule),
    ['tried'],
  )
})

test('a rule that cannot be evaluated is no near miss', async (t) => {
  const conditions: unknown = { fact: 'language', operator: 'sounds', value: 'de' }
  t.strictSame(await misses([buildRule({ conditions: conditions as Conditions })]), []) // as a later version may have stored it
})

test('at most ten misses are listed, and at most three conditions are told of in words', async (t) => {
  const rules = Array.from({ length: 12 }, (_, n) => buildRule({ key: `rule-${n}`, conditions: vip }))
  t.equal((await misses(rules)).length, 10)
  const [miss] = await misses([buildRule({ conditions: { all: [vip, vip, vip, enterprise, vip] } })])
  t.match(miss, { away: 5, message: /^5 conditions away: ([^;]+; ){3}and 2 more$/ })
  t.equal(miss?.conditions.length, 5)
})
