import { test } from 'tap'
import { compileRule } from '../../src/domain/compile-rule.ts'
import type { Conditions } from '../../src/domain/conditions.ts'
import { explainConditions } from '../../src/domain/explain-conditions.ts'
import type { Facts, Lookup } from '../../src/domain/facts.ts'
import { prepareConditions } from '../../src/domain/prepared-conditions.ts'
import type { MatchResult } from '../../src/domain/rule.ts'

const YES: Conditions = { fact: 'event', operator: 'exists' }
const NO: Conditions = { fact: 'event', operator: 'missing' }
const MAYBE: Conditions = { fact: 'plan', operator: 'equal', value: 'pro' }
const FACTS: Facts = { event: 'chat.new' }

const TABLES: readonly (readonly [Conditions, MatchResult])[] = [
  [{ all: [YES, YES] }, 'match'],
  [{ all: [YES, NO] }, 'no_match'],
  [{ all: [NO, NO] }, 'no_match'],
  [{ all: [YES, MAYBE] }, 'unknown'],
  [{ all: [MAYBE, NO] }, 'no_match'],
  [{ all: [MAYBE, MAYBE] }, 'unknown'],
  [{ any: [YES, NO] }, 'match'],
  [{ any: [MAYBE, YES] }, 'match'],
  [{ any: [NO, NO] }, 'no_match'],
  [{ any: [NO, MAYBE] }, 'unknown'],
  [{ any: [MAYBE, MAYBE] }, 'unknown'],
  [{ not: YES }, 'no_match'],
  [{ not: NO }, 'match'],
  [{ not: MAYBE }, 'unknown'],
  [{ not: { not: MAYBE } }, 'unknown'],
  [{ not: { all: [MAYBE, NO] } }, 'match'],
  [{ not: { any: [MAYBE, { not: { all: [YES, NO] } }] } }, 'no_match'],
]

for (const [conditions, result] of TABLES) {
  const words = JSON.stringify(conditions, (_, node) =>
    node === YES ? 'T' : node === NO ? 'F' : node === MAYBE ? 'U' : node,
  )
  test(`Kleene: ${words} is ${result}`, async (t) => {
    t.equal(await certain(conditions, FACTS), result === 'match')
    t.equal(await certain({ not: conditions }, FACTS), result === 'no_match')
    t.equal(explainConditions(prepareConditions(conditions), FACTS, new Set()).result, result)
  })
}

test('"plan notEqual free" does not match a customer whose plan nobody knows', async (t) => {
  t.equal(await certain({ fact: 'plan', operator: 'notEqual', value: 'free' }, {}), false)
  t.equal(await certain({ not: { fact: 'plan', operator: 'equal', value: 'free' } }, {}), false)
  t.equal(await certain({ fact: 'plan', operator: 'notEqual', value: 'free' }, { plan: 'pro' }), true)
})

test('a customer without tags has none of them, a customer of whom no tags are known is unknown', async (t) => {
  t.equal(await certain({ fact: 'tags', operator: 'doesNotContain', value: 'vip' }, { tags: [] }), true)
  t.equal(await certain({ fact: 'tags', operator: 'doesNotContain', value: 'vip' }, {}), false)
})

test('a fact that is an own property only of the prototype is unknown', async (t) => {
  t.equal(await certain({ fact: 'plan', operator: 'exists' }, Object.create({ plan: 'pro' })), false)
})

test('an open lookup keeps possible what its facts could make true', async (t) => {
  t.equal(await possible(MAYBE, {}, ['customer']), true)
  t.equal(await possible({ not: MAYBE }, {}, ['customer']), true)
  t.equal(await possible(MAYBE, {}, ['chat']), false)
  t.equal(await possible(MAYBE, {}, []), false)
  t.equal(await possible(MAYBE, { plan: 'free' }, ['customer']), false)
  t.equal(await possible({ all: [MAYBE, NO] }, FACTS, ['customer']), false)
})

test('while a lookup is open, not even "missing" is certain', async (t) => {
  const engine = compileRule(prepareConditions({ fact: 'plan', operator: 'missing' }))
  t.equal(await engine.certain({}, new Set<Lookup>(['customer'])), false)
  t.equal(await engine.possible({}, new Set<Lookup>(['customer'])), true)
  t.equal(await engine.certain({}, new Set<Lookup>(['chat'])), true)
})

test('evaluations of one rule that overlap in any way do not disturb each other', async (t) => {
  const engine = compileRule(prepareConditions({ all: [YES, { any: [YES, MAYBE] }] }))
  const runs = Array.from({ length: 60 }, async (_, ticks) => {
    for (let tick = 0; tick < ticks; tick++) await null
    return engine.certain(ticks % 3 === 0 ? {} : FACTS)
  })
  const results = await Promise.all(runs)
  t.strictSame(
    results,
    Array.from({ length: 60 }, (_, ticks) => ticks % 3 !== 0),
  )
})

function certain(conditions: Conditions, facts: Facts): Promise<boolean> {
  return compileRule(prepareConditions(conditions)).certain(facts)
}

function possible(conditions: Conditions, facts: Facts, open: Lookup[]): Promise<boolean> {
  return compileRule(prepareConditions(conditions)).possible(facts, new Set(open))
}
