import { test } from 'tap'
import { analyseRules } from '../../src/domain/analysis/analyse.ts'
import type { RuleWarning } from '../../src/domain/analysis/rule-warning.ts'
import type { Conditions } from '../../src/domain/conditions.ts'
import type { RuleDocument, Schedule } from '../../src/domain/rule.ts'
import { witnessProblem } from './analysis-witnesses.ts'
import { buildRule } from './rule-builder.ts'

const GERMAN: Conditions = { fact: 'language', operator: 'equal', value: 'de' }
const VIP: Conditions = { fact: 'tags', operator: 'contains', value: 'vip' }
const GERMAN_PRO: Conditions = { all: [GERMAN, { fact: 'plan', operator: 'equal', value: 'pro' }] }
const EVERYTHING: Conditions = { fact: 'event', operator: 'exists' }
const OFFICE: Schedule = {
  timezone: 'Europe/Kyiv',
  windows: [{ days: [1, 2, 3, 4, 5], from: '09:00', to: '18:00' }],
}

/** The warnings of one kind; the engine confirms that their witnesses show what they say. */
async function warningsOf(code: RuleWarning['code'], rules: readonly RuleDocument[]): Promise<RuleWarning[]> {
  const warnings = analyseRules(rules, {}).filter((warning) => warning.code === code)
  for (const warning of warnings) {
    const problem = await witnessProblem(rules, warning)
    if (problem !== undefined) throw new Error(`The witness of ${warning.rule} ${problem}`)
  }
  return warnings
}

function seats(operator: 'lessThan' | 'greaterThanInclusive', value: number): Conditions {
  return { fact: 'custom.seats', operator, value }
}

test('a rule whose chats an earlier one takes is never reached, and both are named', async (t) => {
  const rules = [
    buildRule({ key: 'wide', priority: 900, conditions: GERMAN }),
    buildRule({ key: 'narrow', priority: 800, conditions: GERMAN_PRO, department: 8 }),
  ]
  const [warning, ...more] = await warningsOf('never_reached', rules)
  t.match(warning, { rule: 'narrow', certainty: 'certain', pointer: '/priority', others: ['wide'] })
  t.match(warning?.message, 'No chat gets to this rule: every chat that it matches is taken by "wide" before.')
  t.match(warning?.witness, { event: 'chat.new', at: null, facts: { language: 'de', plan: 'pro' } })
  t.strictSame(more, [])
})

test('the narrower rule first is how exceptions are made', async (t) => {
  const rules = [
    buildRule({ key: 'narrow', priority: 900, conditions: GERMAN_PRO }),
    buildRule({ key: 'wide', priority: 800, conditions: GERMAN, department: 8 }),
  ]
  t.strictSame(analyseRules(rules, {}), [])
})

test('several earlier rules may take all chats between them, and no more are named than it takes', async (t) => {
  const rules = [
    buildRule({ key: 'small', priority: 900, conditions: seats('lessThan', 10) }),
    buildRule({ key: 'large', priority: 900, conditions: seats('greaterThanInclusive', 10) }),
    buildRule({ key: 'german', priority: 850, conditions: GERMAN }),
    buildRule({ key: 'vip', priority: 840, conditions: VIP }),
    buildRule({
      key: 'some',
      priority: 800,
      conditions: { fact: 'custom.seats', operator: 'between', value: [5, 15] },
    }),
  ]
  const warnings = await warningsOf('never_reached', rules)
  t.strictSame(
    warnings.map(({ rule, others }) => [rule, others]),
    [['some', ['large', 'small']]],
  )
})

test('a chat of which something is unknown escapes rules that ask about it', async (t) => {
  const not: Conditions = { not: GERMAN }
  const rules = [
    buildRule({ key: 'german', priority: 900, conditions: GERMAN }),
    buildRule({ key: 'others', priority: 800, conditions: not }),
    buildRule({ key: 'vip', priority: 700, conditions: VIP }),
  ]
  t.strictSame(await warningsOf('never_reached', rules), [])
  const missing: Conditions = { fact: 'language', operator: 'missing' }
  const unknown = buildRule({ key: 'unknown', priority: 750, conditions: missing })
  t.match(await warningsOf('never_reached', [...rules, unknown]), [
    { rule: 'vip', others: ['german', 'others', 'unknown'] },
  ])
})

test('rules for other events, or with a schedule that is not its own, take nothing for good', async (t) => {
  const wide = buildRule({ key: 'wide', priority: 900, conditions: GERMAN })
  const narrow = buildRule({ key: 'narrow', conditions: GERMAN_PRO, department: 8 })
  const both: RuleDocument = { ...narrow, events: ['chat.new', 'chat.closed'] }
  t.strictSame(await warningsOf('never_reached', [wide, both]), [])
  t.strictSame(await warningsOf('never_reached', [{ ...wide, schedule: OFFICE }, narrow]), [])
  const [same] = await warningsOf('never_reached', [
    { ...wide, schedule: OFFICE },
    { ...narrow, schedule: OFFICE },
  ])
  t.match(same, { rule: 'narrow', others: ['wide'], witness: { at: /^2026-/ } })
})

test('a schedule and its outside are always', async (t) => {
  const inside = buildRule({ key: 'inside', priority: 900, conditions: EVERYTHING, schedule: OFFICE })
  const outside: RuleDocument = { ...inside, key: 'outside', schedule: { ...OFFICE, outside: true } }
  t.match(await warningsOf('never_reached', [inside, outside, buildRule()]), [
    { rule: 'german', others: ['inside', 'outside'] },
  ])
})

test('the same words in an earlier rule hide a later one, other words do not', async (t) => {
  const invoice: Conditions = { fact: 'message', operator: 'includesWord', value: 'invoice' }
  const billing = buildRule({ key: 'billing', priority: 900, conditions: invoice })
  const german = buildRule({ conditions: { all: [GERMAN, { ...invoice, value: 'INVOICE' }] } })
  t.match(await warningsOf('never_reached', [billing, german]), [{ rule: 'german', others: ['billing'] }])
  const refund = buildRule({ conditions: { all: [GERMAN, { ...invoice, value: 'refund' }] } })
  t.strictSame(await warningsOf('never_reached', [billing, refund]), [])
})

test('where two rules of one priority can match the same chat, order decides', async (t) => {
  const rules = [buildRule({ key: 'b-vip', conditions: VIP, department: 8 }), buildRule({ key: 'a-german' })]
  const [warning, ...more] = await warningsOf('order_decides', rules)
  t.match(warning, { rule: 'a-german', certainty: 'certain', others: ['b-vip'], pointer: '/priority' })
  t.match(warning?.witness?.facts, { language: 'de', tags: ['vip'] })
  t.strictSame(more, [])
})

test('order decides among a draft and what is enabled, not among drafts and shadows', async (t) => {
  const vip = buildRule({ key: 'vip', conditions: VIP, department: 8 })
  const draft = buildRule({ status: 'draft' })
  t.match(await warningsOf('order_decides', [draft, vip]), [{ rule: 'german', others: ['vip'] }])
  t.strictSame(await warningsOf('order_decides', [draft, { ...vip, status: 'shadow' }]), [])
})

test('an example text begins with the longest of the beginnings that are asked for', async (t) => {
  const text = (operator: 'startsWith' | 'endsWith', value: string): Conditions => ({
    fact: 'message',
    operator,
    value,
  })
  const all = [text('startsWith', 'ref'), text('startsWith', 'refund'), text('endsWith', 'please')]
  const rules = [buildRule({ conditions: { all } }), buildRule({ key: 'vip', conditions: VIP, department: 8 })]
  const shown = { certainty: 'certain', witness: { facts: { message: /^refund.*please$/ } } }
  t.match(await warningsOf('order_decides', rules), [shown])
})

test('order decides nothing with another priority, the same department, or chats of their own', async (t) => {
  const german = buildRule()
  const vip = buildRule({ key: 'vip', conditions: VIP, department: 8 })
  const french = buildRule({
    key: 'z',
    conditions: { fact: 'locale', operator: 'equal', value: 'fr-fr' },
    department: 8,
  })
  t.strictSame(analyseRules([german, { ...vip, priority: 99 }], {}), [])
  t.strictSame(analyseRules([german, { ...vip, department: german.department }], {}), [])
  t.strictSame(analyseRules([german, { ...vip, events: ['chat.closed'] }], {}), [])
  t.strictSame(analyseRules([german, french], {}), [], 'no German has a French locale')
  const early: Schedule = { ...OFFICE, windows: [{ days: [1], from: '06:00', to: '09:00' }] }
  t.strictSame(
    analyseRules(
      [
        { ...german, schedule: OFFICE },
        { ...vip, schedule: early },
      ],
      {},
    ),
    [],
    'never both open',
  )
})

test('order decides nothing about chats that an earlier rule takes', async (t) => {
  const rules = [
    buildRule({ key: 'first', priority: 900, conditions: { all: [GERMAN, VIP] }, department: 9 }),
    buildRule({ key: 'german' }),
    buildRule({ key: 'vip', conditions: VIP, department: 8 }),
  ]
  t.strictSame(await warningsOf('order_decides', rules), [])
})

test('where many rules share a priority, each names at most ten others', async (t) => {
  const tagged = (index: number): Conditions => ({ fact: 'tags', operator: 'contains', value: `tag-${index}` })
  const rules = Array.from({ length: 15 }, (_, index) =>
    buildRule({ key: `rule-${index}`, conditions: tagged(index), department: index + 1 }),
  )
  const named = (await warningsOf('order_decides', rules)).map(({ others }) => others.length)
  t.strictSame(named, [10, 10, 10, 10, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1])
})

test('no chat has blank text, so none is shown, and nothing is certain by it', async (t) => {
  const blank: Conditions = { fact: 'plan', operator: 'matches', value: '^$' }
  const notFree: Conditions = { fact: 'plan', operator: 'notEqual', value: 'free' }
  const rules = [buildRule({ conditions: blank }), buildRule({ key: 'not-free', conditions: notFree, department: 8 })]
  t.match(await warningsOf('order_decides', rules), [{ certainty: 'may', witness: null }])
})

test('where it hangs on a pattern, order may decide', async (t) => {
  const serial: Conditions = { fact: 'message', operator: 'matches', value: '^[A-Z]{3}-[0-9]{4}$' }
  const word: Conditions = { fact: 'message', operator: 'includesText', value: '-1' }
  const rules = [buildRule({ conditions: serial }), buildRule({ key: 'word', conditions: word, department: 8 })]
  t.match(await warningsOf('order_decides', rules), [{ certainty: 'may', witness: null, others: ['word'] }])
  const tests = [{ name: 'a serial', facts: { message: 'ABC-1234' }, expect: 'match' as const }]
  const shown = await warningsOf('order_decides', [{ ...buildRule({ conditions: serial }), tests }, ...rules.slice(1)])
  t.match(shown, [{ certainty: 'certain', witness: { facts: { message: 'ABC-1234' } } }], "a rule's own tests help")
})
