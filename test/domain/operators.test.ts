import { test } from 'tap'
import { compileRule } from '../../src/domain/compile-rule.ts'
import { type Leaf, OPERATOR_NAMES, type OperatorName } from '../../src/domain/conditions.ts'
import type { FactValue } from '../../src/domain/facts.ts'
import { leafTest, type Truth } from '../../src/domain/operators.ts'
import { prepareConditions } from '../../src/domain/prepared-conditions.ts'
import { readRule } from '../../src/domain/validate-rule.ts'
import { buildRule } from './rule-builder.ts'

/** Over a known fact: true, false, or undefined where the operator cannot apply. */
type Example = readonly [actual: FactValue, value: Leaf['value'], truth: Truth]

const EXAMPLES: Record<Exclude<OperatorName, 'exists' | 'missing'>, readonly Example[]> = {
  equal: [
    [' DE', 'de', true],
    ['ＶＩＰ', 'vip', true],
    ['cafe\u0301', 'Café', true],
    ['İZMİR', 'izmir', true],
    ['fr', 'de', false],
    ['12.0', 12, true],
    [12, ' 12 ', true],
    ['1e3', 1000, false],
    ['12345678901234567890', '12345678901234567891', false],
    [true, 'TRUE', true],
    [false, true, false],
    [['de'], 'de', undefined],
  ],
  notEqual: [
    ['fr', 'de', true],
    ['De', 'de', false],
    [['fr'], 'de', undefined],
  ],
  lessThan: [
    [4, 5, true],
    [5, 5, false],
    ['4.5', 5, true],
    ['-6', ' 5', true],
    ['many', 5, undefined],
    [true, 5, undefined],
    [['4'], 5, undefined],
  ],
  lessThanInclusive: [
    ['5', 5, true],
    [6, 5, false],
    ['', 5, undefined],
  ],
  greaterThan: [
    ['１０', 9, true],
    [9, 9, false],
    ['0x10', 9, undefined],
  ],
  greaterThanInclusive: [
    [9, 9, true],
    [8.9, 9, false],
    [[9], 9, undefined],
  ],
  between: [
    [1, [1, 3], true],
    ['3', [1, 3], true],
    [3.1, [1, 3], false],
    ['two', [1, 3], undefined],
  ],
  in: [
    ['Pro', ['pro', 'enterprise'], true],
    ['7', [6, 7], true],
    ['pro', ['professional'], false],
    [['pro'], ['pro'], undefined],
  ],
  notIn: [
    ['DE', ['CH', 'AT'], true],
    ['at', ['CH', 'AT'], false],
    [['DE'], ['CH'], undefined],
  ],
  contains: [
    [['Beta', 'VIP '], 'vip', true],
    [[1, 2], '2', true],
    [[], 'vip', false],
    ['vip', 'vip', undefined],
  ],
  doesNotContain: [
    [[], 'vip', true],
    [['VIP'], 'vip', false],
    ['beta', 'vip', undefined],
  ],
  containsAny: [
    [['beta'], ['vip', 'Beta'], true],
    [['new'], ['vip', 'beta'], false],
    ['beta', ['beta'], undefined],
  ],
  containsAll: [
    [['beta', 'VIP', 'new'], ['vip', 'Beta'], true],
    [['beta'], ['vip', 'beta'], false],
    [12, [12], undefined],
  ],
  containsNone: [
    [[], ['vip', 'beta'], true],
    [['Beta'], ['vip', 'beta'], false],
    [true, ['true'], undefined],
  ],
  startsWith: [
    ['προσφορά', 'ΠΡΟΣ', true],
    [' +49 30', '+49', true],
    [4930, '49', true],
    ['+43', '+49', false],
    [['+49'], '+49', undefined],
    [true, 't', undefined],
  ],
  endsWith: [
    ['olena@Example.TEST', '@example.test', true],
    ['olena@example.test.io', '@example.test', false],
    [['@example.test'], '@example.test', undefined],
  ],
  includesText: [
    ['Wo ist meine RECHNUNG?', 'rechnung', true],
    ['Rechnungen', 'rechnung', true],
    ['Quittung', 'rechnung', false],
    [[], 'rechnung', undefined],
  ],
  includesWord: [
    ['Die Rechnung, bitte!', 'rechnung', true],
    ['Rechnungen', 'rechnung', false],
    ['my new   invoice.', 'New invoice', true],
    ['new and invoice', 'new invoice', false],
    ['Де мій РАХУНОК?', 'рахунок', true],
    ['Де мої рахунки?', 'рахунок', false],
    ['請求書について質問があります', '請求書', true],
    ['今日は休みです', '請求書', false],
    ['ขอใบแจ้งหนี้เดือนนี้', 'ใบแจ้งหนี้', true],
    ['我要退款', '退款', true],
    ["Je veux résilier l'abonnement", 'abonnement', true],
    ['Dov’è l’ordine?', "l'ordine", true],
    ["Мій об'єкт", 'об’єкт', true],
    ['I want a refund.Thanks', 'refund', true],
    ['Version 12.5', '5', false],
    [['rechnung'], 'rechnung', undefined],
  ],
  matches: [
    ['  Order #4711', '^order #\\d+$', true],
    ['ＯＲＤＥＲ', 'order', true],
    ['МІЙ РАХУНОК', 'рахун', true],
    ['order', '^#', false],
    [['order'], 'order', undefined],
  ],
}

for (const operator of OPERATOR_NAMES) {
  if (operator === 'exists' || operator === 'missing') continue
  for (const [actual, value, truth] of EXAMPLES[operator]) {
    const outcome = truth === undefined ? 'cannot apply' : `is ${truth}`
    test(`${JSON.stringify(actual)} ${operator} ${JSON.stringify(value)} ${outcome}`, async (t) => {
      const leaf = leafOf(operator, value)
      t.equal(leafTest(leaf)(actual), truth)
      t.strictSame(await inEngine(leaf, { 'custom.x': actual }), [truth === true, truth === false])
      t.equal(readRule(buildRule({ conditions: leaf })).kind, 'valid')
    })
  }

  test(`${operator} about an unknown fact is unknown, and so is its negation`, async (t) => {
    for (const [, value] of EXAMPLES[operator]) {
      t.equal(leafTest(leafOf(operator, value))(undefined), undefined)
      t.strictSame(await inEngine(leafOf(operator, value), {}), [false, false])
    }
  })
}

test('exists and missing are certain about every fact, known or not', async (t) => {
  t.strictSame(await inEngine(leafOf('exists', true), { 'custom.x': '' }), [true, false])
  t.strictSame(await inEngine(leafOf('exists', undefined), {}), [false, true])
  t.strictSame(await inEngine(leafOf('missing', true), { 'custom.x': [] }), [false, true])
  t.strictSame(await inEngine(leafOf('missing', undefined), {}), [true, false])
})

test('a stored value of the wrong shape is an error and not a silent miss', async (t) => {
  t.throws(() => leafTest(leafOf('in', 'pro')), { message: 'The operator takes a list of values.' })
  t.throws(() => leafTest(leafOf('equal', ['pro'])), { message: 'The operator takes one value.' })
  t.throws(() => leafTest(leafOf('lessThan', 'five')), { message: 'The operator takes a number.' })
  t.throws(() => leafTest(leafOf('startsWith', 5)), { message: 'The operator takes text.' })
  t.throws(() => leafTest(leafOf('matches', '(a)\\1')), { message: /refused: invalid escape sequence/ })
  t.throws(() => leafTest(leafOf('includesWord', '!')), { message: 'includesWord needs a word to look for.' })
  for (const operator of ['toString', 'someFact:equal']) {
    t.throws(() => leafTest(leafOf(operator, 1)), { message: `There is no operator "${operator}".` })
  }
})

test('words and patterns are looked for in the first 2,000 characters', async (t) => {
  const message = `${'x '.repeat(1000)}invoice`
  t.equal(leafTest(leafOf('includesWord', 'invoice'))(message), false)
  t.equal(leafTest(leafOf('matches', 'invoice'))(message), false)
  t.equal(leafTest(leafOf('includesText', 'invoice'))(message), true)
})

/** A leaf as a database may hold it: of any operator with any value. */
function leafOf(operator: string, value: unknown): Leaf {
  const leaf: unknown = { fact: 'custom.x', operator, ...(value === undefined ? {} : { value }) }
  // What is stored is only said to be a rule; these tests are about documents that are not.
  return leaf as Leaf
}

/** Whether the engine is certain of the leaf, and whether it is certain of its negation. */
async function inEngine(leaf: Leaf, facts: Record<string, FactValue>): Promise<[boolean, boolean]> {
  const positive = compileRule(prepareConditions(leaf))
  const negative = compileRule(prepareConditions({ not: leaf }))
  return [await positive.certain(facts), await negative.certain(facts)]
}
