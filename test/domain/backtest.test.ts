import { test } from 'tap'
import { type BacktestReport, createBacktest, type PastDecision } from '../../src/domain/backtest.ts'
import type { RuleDocument } from '../../src/domain/rule.ts'
import { NONE } from '../support/none.ts'
import { buildCase, buildRule, buildRuleset } from './rule-builder.ts'

/** A German speaker's new chat that the rule `german` sent to department 7. */
function buildPast(overrides: Partial<PastDecision> = {}): PastDecision {
  const routingCase = buildCase({ event: 'chat.new', language: 'de' })
  const chosen = { rule: 'german', department: 7 }
  return { id: '1', chatId: 501, routingCase, openLookups: new Set(), chosen, wasLeftOpen: false, ...overrides }
}

function run(rules: RuleDocument[], past: PastDecision[], defaultDepartmentId?: number): BacktestReport {
  const backtest = createBacktest(buildRuleset(...rules), defaultDepartmentId)
  for (const decision of past) backtest.add(decision)
  return backtest.report()
}

const numbered = (count: number, make: (n: number) => Partial<PastDecision>) =>
  Array.from({ length: count }, (_, n) => buildPast({ id: String(n), chatId: n, ...make(n) }))

test('the rules that decided move nothing', async (t) => {
  t.strictSame(run([buildRule()], [buildPast()]), {
    decisions: 1,
    moved: 0,
    unknown: 0,
    missing: [],
    transitions: [],
    byRule: [{ rule: 'german', matched: 1, wonBefore: 1, wonNow: 1, gained: 0, lost: 0, unknown: 0 }],
    samples: [],
  })
})

test('another winner with another department moves a decision, and says from which rule to which', async (t) => {
  const draft = buildRule({ key: 'draft', priority: 900, department: 9 })
  const report = run([draft, buildRule()], [buildPast()])
  t.match(report, { moved: 1, transitions: [{ from: 7, to: 9, count: 1 }] })
  t.strictSame(report.samples, [
    { decisionId: '1', chatId: 501, from: { rule: 'german', department: 7 }, to: { rule: 'draft', department: 9 } },
  ])
  t.match(report.byRule, [
    { rule: 'draft', matched: 1, wonBefore: 0, wonNow: 1, gained: 1, lost: 0 },
    { rule: 'german', matched: 1, wonBefore: 1, wonNow: 0, gained: 0, lost: 1 },
  ])
})

test('another winner with the same department moves nothing', async (t) => {
  const report = run([buildRule({ key: 'other' })], [buildPast()])
  t.match(report, { moved: 0, transitions: NONE, samples: NONE })
  t.match(report.byRule, [
    { rule: 'other', gained: 1 },
    { rule: 'german', wonBefore: 1, lost: 1 },
  ])
})

test('what no rule matches goes to the default department, or stays where it is', async (t) => {
  const french = buildPast({ routingCase: buildCase({ language: 'fr' }) })
  t.match(run([buildRule()], [french], 40).transitions, [{ from: 7, to: 40, count: 1 }])
  t.match(run([buildRule()], [french]).transitions, [{ from: 7, to: null, count: 1 }])
  const stayed = { ...french, chosen: { rule: null, department: null } }
  t.equal(run([buildRule()], [stayed]).moved, 0)
})

test('a fact that nobody looked up then makes a decision unknown, with the fact and the rule that hangs on it', async (t) => {
  const byPlan = buildRule({
    key: 'by-plan',
    priority: 900,
    conditions: {
      all: [
        { fact: 'language', operator: 'equal', value: 'de' },
        { not: { fact: 'plan', operator: 'equal', value: 'free' } },
      ],
    },
  })
  const past = buildPast({ openLookups: new Set(['customer']) })
  const report = run([byPlan, buildRule()], [past, past])
  t.match(report, { decisions: 2, moved: 0, unknown: 2, missing: [{ fact: 'plan', count: 2 }], transitions: NONE })
  t.match(report.byRule, [
    { rule: 'by-plan', matched: 0, wonNow: 0, unknown: 2 },
    { rule: 'german', matched: 2, wonBefore: 2, wonNow: 0, lost: 0, unknown: 0 },
  ])
})

test('where nobody knew who won, nobody knows whether something else is chosen now', async (t) => {
  const nothing = { chosen: { rule: null, department: null }, wasLeftOpen: true }
  const report = run([buildRule()], [buildPast(nothing), buildPast({ ...nothing, routingCase: buildCase({}) })], 40)
  t.match(report, { decisions: 2, moved: 0, unknown: 2, missing: NONE, transitions: NONE })
  t.match(report.byRule, [{ rule: 'german', matched: 1, wonBefore: 0, wonNow: 0, gained: 0, unknown: 0 }])
})

test('a shadow rule is counted where it matches and never wins', async (t) => {
  const report = run([buildRule({ key: 'shadow', status: 'shadow', priority: 900 }), buildRule()], [buildPast()])
  t.match(report.byRule[0], { rule: 'shadow', matched: 1, wonNow: 0 })
  t.equal(report.moved, 0)
})

test('the schedule is judged by when the event happened', async (t) => {
  const schedule = { timezone: 'UTC', windows: [{ days: [1], from: '09:00', to: '10:00' }] }
  const later = buildPast({ routingCase: buildCase({ language: 'de' }, { at: new Date('2026-03-02T10:00:00Z') }) })
  t.match(run([buildRule({ schedule })], [buildPast(), later]).byRule[0], { matched: 1, wonNow: 1, lost: 1 })
})

test('samples are at most 20, at most 3 of a transition, and no transition is left out for another one', async (t) => {
  const many = numbered(60, (n) => ({ chosen: { rule: 'old', department: 100 + (n % 18) } }))
  const { samples, transitions } = run([buildRule()], many)
  t.equal(transitions.length, 18)
  t.equal(samples.length, 20)
  t.equal(new Set(samples.map(({ from }) => from.department)).size, 18)
  const few = run(
    [buildRule()],
    numbered(10, () => ({ chosen: { rule: 'old', department: 1 } })),
  ).samples
  t.strictSame(
    few.map(({ decisionId }) => decisionId),
    ['0', '1', '2'],
  )
})

test('the most frequent transition comes first', async (t) => {
  const past = [1, 2, 2].map((department) => buildPast({ chosen: { rule: 'old', department } }))
  t.strictSame(run([buildRule()], past).transitions, [
    { from: 2, to: 7, count: 2 },
    { from: 1, to: 7, count: 1 },
  ])
})

test('an event that no rule listens to any more is left where it is, whatever the default department', async (t) => {
  const routingCase = buildCase({ language: 'de' }, { eventType: 'message.chat.customer' })
  const past = buildPast({ routingCase, chosen: { rule: 'cancellation', department: 42 } })
  t.match(run([buildRule()], [past], 9).transitions, [{ from: 42, to: null, count: 1 }])
  const heard = buildRule({ events: ['message.chat.customer'], conditions: { fact: 'plan', operator: 'exists' } })
  t.match(run([heard], [past], 9).transitions, [{ from: 42, to: 9, count: 1 }])
})
