import { test } from 'tap'
import type { RuleDocument } from '../../src/domain/rule.ts'
import { type ComparedDecision, createShadowComparison } from '../../src/domain/shadow-comparison.ts'
import { buildCase, buildRule, buildRuleset } from './rule-builder.ts'

/** A German speaker's chat that the rule `other` of priority 100 sent to department 7. */
function buildCompared(overrides: Partial<ComparedDecision> = {}): ComparedDecision {
  return {
    id: '1',
    chatId: 501,
    routingCase: buildCase({ language: 'de' }),
    openLookups: new Set(),
    chosen: { rule: 'other', department: 7 },
    winner: { key: 'other', priority: 100 },
    wasShadow: false,
    wasLeftOpen: false,
    departmentLater: undefined,
    ...overrides,
  }
}

function compare(rules: RuleDocument[], decisions: ComparedDecision[]) {
  const comparing = createShadowComparison(buildRuleset(...rules))
  for (const decision of decisions) comparing.add(decision)
  return comparing.result()
}

const shadow = (parts: Partial<RuleDocument> = {}) => buildRule({ status: 'shadow', ...parts })
const counts = { matched: 1, wouldHaveWon: 0, agreed: 0, differed: 0, unknown: 0 }

test('a shadow rule would have won before the rule that did, or where none did', async (t) => {
  const late = shadow({ key: 'late', priority: 99 })
  const early = shadow({ key: 'early', priority: 101 })
  const tie = shadow({ key: 'aaa', priority: 100 })
  t.strictSame(compare([late, early, tie], [buildCompared()]).rules, [
    { rule: 'early', ...counts, wouldHaveWon: 1, agreed: 1 },
    { rule: 'aaa', ...counts, wouldHaveWon: 1, agreed: 1 },
    { rule: 'late', ...counts },
  ])
  const nobody = buildCompared({ winner: null, chosen: { rule: null, department: null } })
  t.strictSame(compare([late], [nobody]).rules, [{ rule: 'late', ...counts, wouldHaveWon: 1, differed: 1 }])
})

test('a shadow rule that hangs on what nobody looked up is unknown; other rules are not compared', async (t) => {
  const open = buildCompared({ routingCase: buildCase({}), openLookups: new Set(['customer']) })
  const elsewhere = buildCompared({ routingCase: buildCase({ language: 'fr' }) })
  const { rules, decisions } = compare([shadow(), buildRule({ key: 'live' })], [open, elsewhere])
  t.strictSame(rules, [{ rule: 'german', ...counts, matched: 0, unknown: 1 }])
  t.equal(decisions, 2)
})

test('where nobody knows who won, nobody knows whether a shadow rule would have', async (t) => {
  const open = buildCompared({ winner: null, chosen: { rule: null, department: null }, wasLeftOpen: true })
  t.strictSame(compare([shadow()], [open]).rules, [{ rule: 'german', ...counts, unknown: 1 }])
})

test('a service in shadow is compared with where the chats are later', async (t) => {
  const { service } = compare(
    [],
    [
      buildCompared(),
      buildCompared({ wasShadow: true, departmentLater: 7 }),
      buildCompared({ wasShadow: true, departmentLater: 8 }),
      buildCompared({ wasShadow: true, departmentLater: null }),
      buildCompared({ wasShadow: true }),
    ],
  )
  t.strictSame(service, { decisions: 4, agreed: 1, differed: 2, unknown: 1 })
})
