import { test } from 'tap'
import { type AnalysisContext, analyseRules } from '../../src/domain/analysis/analyse.ts'
import type { Conditions } from '../../src/domain/conditions.ts'
import type { FactValue } from '../../src/domain/facts.ts'
import { witnessProblem } from './analysis-witnesses.ts'
import { buildRule } from './rule-builder.ts'

/** What facts were lately, each value so many times. */
function seen(fact: string, ...values: readonly (readonly [FactValue, number])[]): AnalysisContext {
  return { seenValues: new Map([[fact, values.flatMap(([value, times]) => Array<FactValue>(times).fill(value))]]) }
}

function warnings(conditions: Conditions, context: AnalysisContext) {
  return analyseRules([buildRule({ conditions })], context)
}

test('a department that HelpCrunch does not have is unknown, and a chat is shown that would go there', async (t) => {
  const rule = buildRule({ department: 404 })
  const [warning, ...more] = analyseRules([rule], { departments: new Set([8, 7]) })
  t.match(warning, { code: 'unknown_department', certainty: 'certain', pointer: '/department' })
  t.match(warning, { message: /no department 404.*Use one of: 7, 8\./, witness: { facts: { language: 'de' } } })
  t.equal(warning && (await witnessProblem([rule], warning)), undefined)
  t.strictSame(more, [])
  t.strictSame(analyseRules([rule], { departments: new Set([404]) }), [])
  t.strictSame(analyseRules([rule], {}), [], 'nothing is said where departments are not known')
})

test('a value that no chat had lately is named, with the one that may be meant', (t) => {
  const conditions: Conditions = { fact: 'language', operator: 'equal', value: 'ua' }
  const [warning, ...more] = warnings(conditions, seen('language', ['uk', 15], ['de', 10]))
  t.match(warning, { code: 'value_never_seen', certainty: 'may', pointer: '/conditions/value' })
  t.match(warning, { message: /"ua" as language.*Did you mean "uk"\?/, witness: { facts: { language: 'ua' } } })
  t.strictSame(more, [])
  t.end()
})

test('of a list of values, each that was never seen is named', (t) => {
  const conditions: Conditions = { all: [{ fact: 'tags', operator: 'containsAny', value: ['vip', 'V.I.P', 'x'] }] }
  const pointers = warnings(conditions, seen('tags', [['VIP', 'beta'], 20])).map(({ pointer }) => pointer)
  t.strictSame(pointers, ['/conditions/all/0/value/1', '/conditions/all/0/value/2'])
  t.end()
})

test('values are compared as people read them', (t) => {
  const conditions: Conditions = { all: [{ fact: 'tags', operator: 'contains', value: 'VIP ' }] }
  t.strictSame(warnings(conditions, seen('tags', [['vip'], 20])), [])
  t.end()
})

test('nothing is said where too little was seen, of facts with many values, and of parts of text', (t) => {
  const language: Conditions = { fact: 'language', operator: 'equal', value: 'ua' }
  t.strictSame(warnings(language, seen('language', ['uk', 19])), [])
  const email: Conditions = { fact: 'email', operator: 'equal', value: 'ann@example.com' }
  t.strictSame(warnings(email, seen('email', ['bob@example.com', 30])), [])
  const start: Conditions = { fact: 'plan', operator: 'startsWith', value: 'enter' }
  t.strictSame(warnings(start, seen('plan', ['pro', 30])), [])
  const range: Conditions = { fact: 'plan', operator: 'greaterThan', value: 5 }
  t.strictSame(warnings(range, seen('plan', ['pro', 30])), [])
  t.end()
})

test('a custom attribute is judged when its values come again and again', (t) => {
  const conditions: Conditions = { fact: 'custom.tier', operator: 'equal', value: 'golden' }
  t.match(warnings(conditions, seen('custom.tier', ['gold', 20], ['silver', 5])), [{ code: 'value_never_seen' }])
  const different = Array.from({ length: 30 }, (_, index): [FactValue, number] => [`order-${index}`, 1])
  t.strictSame(warnings(conditions, seen('custom.tier', ...different)), [])
  t.end()
})
