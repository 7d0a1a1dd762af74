import { test } from 'tap'
import { Check } from 'typebox/value'
import type { Conditions } from '../../src/domain/conditions.ts'
import { explain } from '../../src/domain/explain.ts'
import { RuleExplanation } from '../../src/domain/explanation.ts'
import type { Facts, Lookup } from '../../src/domain/facts.ts'
import type { RuleDocument } from '../../src/domain/rule.ts'
import { buildCase, buildRule, buildRuleset } from './rule-builder.ts'

const NO_SUCH_OPERATOR: unknown = { all: [{ fact: 'language', operator: 'sounds', value: 'de' }] }

/** The result and the sentence for each rule, by its key. */
async function findings(rules: RuleDocument[], facts: Facts, winnerKey: string | null, overrides = {}) {
  const explanations = await explain(buildRuleset(...rules), buildCase(facts, overrides), winnerKey)
  return Object.fromEntries(explanations.map(({ rule, result, why }) => [rule, `${result}: ${why}`]))
}

test('every condition is explained, in the shape of the rule, with its pointer and what the fact was', async (t) => {
  const conditions: Conditions = {
    all: [
      { fact: 'language', operator: 'equal', value: 'de' },
      {
        any: [
          { fact: 'tags', operator: 'contains', value: 'vip' },
          { fact: 'plan', operator: 'exists' },
        ],
      },
      { not: { fact: 'country', operator: 'in', value: ['CH', 'AT'] } },
    ],
  }
  const ruleset = buildRuleset(buildRule({ conditions }))
  const explanations = await explain(ruleset, buildCase({ language: 'DE', tags: ['vip'] }), null)
  t.strictSame(explanations, [
    {
      rule: 'german',
      status: 'enabled',
      result: 'unknown',
      why: 'country is unknown.',
      conditions: {
        pointer: '/conditions',
        all: [
          leaf('/conditions/all/0', 'language', 'equal', 'de', 'DE', 'match'),
          {
            pointer: '/conditions/all/1',
            any: [
              leaf('/conditions/all/1/any/0', 'tags', 'contains', 'vip', ['vip'], 'match'),
              leaf('/conditions/all/1/any/1', 'plan', 'exists', true, null, 'no_match'),
            ],
            result: 'match',
          },
          {
            pointer: '/conditions/all/2',
            not: leaf('/conditions/all/2/not', 'country', 'in', ['CH', 'AT'], null, 'unknown'),
            result: 'unknown',
          },
        ],
        result: 'unknown',
      },
    },
  ])
  t.ok(explanations.every((explanation) => Check(RuleExplanation, explanation)))
})

test('rules are explained in the order tried; those after the winner are not considered, but shown', async (t) => {
  const rules = [
    buildRule({ key: 'third', priority: 1 }),
    buildRule({ key: 'second', priority: 2 }),
    buildRule({ key: 'first', priority: 3, conditions: { fact: 'language', operator: 'equal', value: 'fr' } }),
  ]
  t.strictSame(Object.entries(await findings(rules, { language: 'de' }, 'second')), [
    ['first', 'no_match: language is "de", the rule wants "fr".'],
    ['second', 'match: Won: every condition is met.'],
    ['third', 'not_considered: A rule tried earlier won: second.'],
  ])
  const [, , third] = await explain(buildRuleset(...rules), buildCase({ language: 'de' }), 'second')
  t.equal(third?.conditions.result, 'match')
})

test('what keeps a rule from being considered is said', async (t) => {
  const window = { days: [6], from: '09:00', to: '18:00' }
  const windows = [window]
  const rules = [
    buildRule({ key: 'draft', status: 'draft' }),
    buildRule({ key: 'disabled', status: 'disabled' }),
    buildRule({ key: 'events', events: ['message.chat.customer', 'chat.closed'] }),
    buildRule({ key: 'schedule', schedule: { timezone: 'Europe/Berlin', windows } }),
    buildRule({ key: 'outside', schedule: { timezone: 'UTC', windows: [{ ...window, days: [1] }], outside: true } }),
  ]
  t.strictSame(await findings(rules, { language: 'de' }, null), {
    draft: 'not_considered: A draft is never evaluated.',
    disabled: 'not_considered: Disabled.',
    events: 'not_considered: Only listens to message.chat.customer, chat.closed.',
    schedule: 'not_considered: Outside its schedule (Europe/Berlin): it was Monday, 10:00.',
    outside: 'not_considered: Only outside its windows (UTC): it was Monday, 09:00.',
  })
})

test('a shadow rule is evaluated wherever it stands, and says whether it would have won', async (t) => {
  const rules = [
    buildRule({ key: 'before', priority: 3, status: 'shadow' }),
    buildRule({ key: 'winner', priority: 2 }),
    buildRule({ key: 'behind', priority: 1, status: 'shadow' }),
    buildRule({ key: 'behind-french', priority: 1, status: 'shadow', conditions: french }),
  ]
  t.strictSame(await findings(rules, { language: 'de' }, 'winner'), {
    before: 'match: Would have won: every condition is met, but the rule is a shadow.',
    winner: 'match: Won: every condition is met.',
    behind: 'match: Would not have won: every condition is met, but a rule tried earlier won: winner.',
    'behind-french': 'no_match: language is "de", the rule wants "fr".',
  })
})

test('a rule that cannot be evaluated is unknown and says why', async (t) => {
  // What is stored is only said to be a rule; here it is not.
  const broken = buildRule({ key: 'broken', conditions: NO_SUCH_OPERATOR as Conditions })
  const nowhere = { timezone: 'Europe/Nowhere', windows: [{ days: [1], from: '09:00', to: '10:00' }] }
  const explained = await findings([broken, buildRule({ key: 'nowhere', schedule: nowhere })], { language: 'de' }, null)
  t.equal(explained.broken, 'unknown: Could not be evaluated: /conditions/all/0: There is no operator "sounds".')
  t.match(explained.nowhere, /^unknown: Could not be evaluated: .*Europe\/Nowhere/)
  const [explanation] = await explain(buildRuleset(broken), buildCase({}), null)
  t.strictSame(explanation?.conditions, { pointer: '/conditions', all: [], result: 'unknown' })
  t.ok(Check(RuleExplanation, explanation))
})

test('what nobody looked up is unknown, also to a shadow rule that asks whether it is missing', async (t) => {
  const shadow = buildRule({ status: 'shadow', conditions: { fact: 'plan', operator: 'missing' } })
  const [notAsked] = await explain(buildRuleset(shadow), buildCase({}), null, new Set(['customer']))
  t.match(notAsked, { result: 'unknown', why: 'plan was not looked up.', conditions: { result: 'unknown' } })
  const [asked] = await explain(buildRuleset(shadow), buildCase({}), null)
  t.match(asked, { result: 'match' })
})

test('what nobody looked up is told apart from what nobody knew', async (t) => {
  const conditions: Conditions = {
    all: ['plan', 'message', 'country'].map((fact) => ({ fact, operator: 'equal', value: 'x' })),
  }
  const why = async (open: Lookup[]) => {
    const [explanation] = await explain(buildRuleset(buildRule({ conditions })), buildCase({}), null, new Set(open))
    return explanation?.why
  }
  t.equal(await why(['customer']), 'message is unknown; plan and country were not looked up.')
  t.equal(await why(['chat']), 'plan and country are unknown; message was not looked up.')
})

test('where a rule tried earlier hangs on what nobody looked up, none is said to have won', async (t) => {
  const rules = [
    buildRule({ key: 'hangs', priority: 3, conditions: { fact: 'plan', operator: 'equal', value: 'pro' } }),
    buildRule({ key: 'shadow', priority: 2, status: 'shadow' }),
    buildRule({ key: 'matches', priority: 1 }),
  ]
  const explained = await explain(buildRuleset(...rules), buildCase({ language: 'de' }), null, new Set(['customer']))
  t.strictSame(
    explained.map(({ why }) => why),
    [
      'plan was not looked up.',
      'Every condition is met, but the rule is a shadow, and a rule tried earlier may match too: hangs.',
      'Every condition is met, but a rule tried earlier may match too: hangs.',
    ],
  )
})

const french: Conditions = { fact: 'language', operator: 'equal', value: 'fr' }
function leaf(pointer: string, fact: string, operator: string, value: unknown, actual: unknown, result: string) {
  return { pointer, fact, operator, value, actual, result }
}
