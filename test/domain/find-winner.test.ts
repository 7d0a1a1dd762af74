import { test } from 'tap'
import type { Conditions } from '../../src/domain/conditions.ts'
import type { Facts, Lookup } from '../../src/domain/facts.ts'
import { findWinner, type RoutingCase } from '../../src/domain/find-winner.ts'
import type { RuleDocument } from '../../src/domain/rule.ts'
import { buildCase, buildRule, buildRuleset } from './rule-builder.ts'

const GERMAN: Facts = { language: 'de' }
const NO_SUCH_OPERATOR: unknown = { all: [{ fact: 'language', operator: 'sounds', value: 'de' }] }

/** A rule as a later version may have stored it: this one cannot evaluate it. */
function buildBrokenRule(overrides: Partial<RuleDocument> = {}): RuleDocument {
  // What is stored is only said to be a rule; here it is not.
  return buildRule({ key: 'broken', priority: 900, conditions: NO_SUCH_OPERATOR as Conditions, ...overrides })
}

async function search(rules: RuleDocument[], routingCase: RoutingCase, open: Lookup[] = []) {
  const found = await findWinner(buildRuleset(...rules), routingCase, new Set(open))
  if (found.kind === 'lookups_needed') return { lookups: [...found.lookups].toSorted() }
  return { winner: found.winner?.rule.document.key ?? null, broken: found.broken }
}

test('the first rule that matches wins, by priority', async (t) => {
  const rules = [buildRule({ key: 'low', priority: 1 }), buildRule({ key: 'high', priority: 10_000 })]
  t.match(await search(rules, buildCase(GERMAN)), { winner: 'high' })
})

test('a tie goes to the smaller key, in code-unit order', async (t) => {
  const rules = ['b', 'a2', 'a10', 'a'].map((key) => buildRule({ key }))
  t.match(await search(rules, buildCase(GERMAN)), { winner: 'a' })
  t.match(await search(rules.slice(0, 3), buildCase(GERMAN)), { winner: 'a10' })
})

test('nobody wins when nothing matches', async (t) => {
  t.strictSame(await search([buildRule()], buildCase({ language: 'fr' })), { winner: null, broken: [] })
  t.strictSame(await search([], buildCase(GERMAN)), { winner: null, broken: [] })
})

test('drafts, shadows and disabled rules never win and never cause a lookup', async (t) => {
  for (const status of ['draft', 'shadow', 'disabled'] as const) {
    t.match(await search([buildRule({ status })], buildCase(GERMAN)), { winner: null })
    t.match(await search([buildRule({ status })], buildCase({}), ['customer', 'chat']), { winner: null })
  }
})

test('a rule listens to chat.new, or to the events it names', async (t) => {
  const byMessage = buildRule({ events: ['message.chat.customer', 'chat.assigned'] })
  t.match(await search([buildRule()], buildCase(GERMAN, { eventType: 'chat.closed' })), { winner: null })
  t.match(await search([byMessage], buildCase(GERMAN)), { winner: null })
  t.match(await search([byMessage], buildCase(GERMAN, { eventType: 'chat.assigned' })), { winner: 'german' })
})

test('a rule wins only while its schedule is open, and needs no lookup while it is not', async (t) => {
  const windows = [{ days: [1], from: '09:00', to: '10:00' }]
  const rule = buildRule({ schedule: { timezone: 'UTC', windows } })
  t.match(await search([rule], buildCase(GERMAN, { at: new Date('2026-03-02T09:30:00Z') })), { winner: 'german' })
  const closed = buildCase({}, { at: new Date('2026-03-02T10:00:00Z') })
  t.match(await search([rule], closed, ['customer']), { winner: null })
})

test('a rule that hangs on an open lookup asks for it, and for no other', async (t) => {
  t.strictSame(await search([buildRule()], buildCase({}), ['customer', 'chat']), { lookups: ['customer'] })
})

test('a rule that could win with either lookup asks for the customer only', async (t) => {
  const conditions: Conditions = {
    any: [
      { fact: 'message', operator: 'includesWord', value: 'invoice' },
      { fact: 'language', operator: 'equal', value: 'de' },
    ],
  }
  t.strictSame(await search([buildRule({ conditions })], buildCase({}), ['customer', 'chat']), {
    lookups: ['customer'],
  })
})

test('a rule that can only win with both lookups asks for both', async (t) => {
  const conditions: Conditions = {
    all: [
      { fact: 'message', operator: 'includesWord', value: 'invoice' },
      { fact: 'language', operator: 'equal', value: 'de' },
    ],
  }
  const open: Lookup[] = ['customer', 'chat']
  t.strictSame(await search([buildRule({ conditions })], buildCase({}), open), { lookups: ['chat', 'customer'] })
})

test('"missing" waits for the lookup that could tell the fact', async (t) => {
  const rule = buildRule({ conditions: { fact: 'plan', operator: 'missing' } })
  t.strictSame(await search([rule], buildCase({}), ['customer']), { lookups: ['customer'] })
  t.match(await search([rule], buildCase({})), { winner: 'german' })
})

test('no lookup is made for a rule that cannot win any more', async (t) => {
  const conditions: Conditions = {
    all: [
      { fact: 'application', operator: 'equal', value: 12 },
      { fact: 'language', operator: 'equal', value: 'de' },
    ],
  }
  const known = buildCase({ application: 13 })
  t.match(await search([buildRule({ conditions })], known, ['customer']), { winner: null })
})

test('no lookup is made for a rule behind the winner, and only the first undecided rule is asked for', async (t) => {
  const sure = buildRule({ key: 'sure', priority: 2, conditions: { fact: 'event', operator: 'exists' } })
  const byMessage = buildRule({ key: 'by-message', priority: 1, conditions: { fact: 'message', operator: 'exists' } })
  const open: Lookup[] = ['customer', 'chat']
  t.match(await search([sure, byMessage], buildCase({ event: 'chat.new' }), open), { winner: 'sure' })
  t.strictSame(await search([buildRule({ priority: 3 }), byMessage], buildCase({}), open), { lookups: ['customer'] })
})

test('a rule that cannot be evaluated is set aside and the others still decide', async (t) => {
  const problem = '/conditions/all/0: There is no operator "sounds".'
  const found = await search([buildBrokenRule(), buildRule()], buildCase(GERMAN), ['customer'])
  t.strictSame(found, { winner: 'german', broken: [{ key: 'broken', problem }] })
})

test('a rule that broke in another way is set aside, too', async (t) => {
  const nowhere = { timezone: 'Europe/Nowhere', windows: [{ days: [1], from: '09:00', to: '10:00' }] }
  const stored: readonly [Partial<RuleDocument>, RegExp][] = [
    [{ schedule: nowhere }, /time zone/i],
    [{ conditions: { all: [] } }, /the group is empty/],
    [{ conditions: { fact: 'shoeSize', operator: 'exists' } }, /there is no fact "shoeSize"/],
    [{ conditions: { fact: 'message', operator: 'matches', value: '(?=a)' } }, /pattern is refused/],
  ]
  for (const [overrides, problem] of stored) {
    const found = await search([buildRule({ key: 'odd', priority: 900, ...overrides }), buildRule()], buildCase(GERMAN))
    t.match(found, { winner: 'german', broken: [{ key: 'odd', problem }] })
  }
})

test('one rule that cannot be evaluated harms none of 200 others', async (t) => {
  const others = Array.from({ length: 200 }, (_, index) =>
    buildRule({ key: `rule-${index}`, conditions: { fact: 'custom.seats', operator: 'equal', value: index } }),
  )
  const ruleset = buildRuleset(buildBrokenRule(), ...others)
  const winners = await Promise.all(
    others.map((_, index) => findWinner(ruleset, buildCase({ 'custom.seats': index }), new Set())),
  )
  const keys = winners.map((found) => (found.kind === 'settled' ? found.winner?.rule.document.key : undefined))
  t.strictSame(
    keys,
    others.map((rule) => rule.key),
  )
})
