import { test } from 'tap'
import type { Conditions } from '../../src/domain/conditions.ts'
import { explainConditions } from '../../src/domain/explain-conditions.ts'
import { whyNotMatched } from '../../src/domain/explain-why.ts'
import type { Facts } from '../../src/domain/facts.ts'
import { prepareConditions } from '../../src/domain/prepared-conditions.ts'

const french: Conditions = { fact: 'language', operator: 'equal', value: 'fr' }
const FACTS: Facts = {
  language: 'de',
  tags: ['vip', 'beta'],
  country: 'AT',
  'custom.seats': 4,
  'custom.teams': ['ops'],
  message: 'x'.repeat(80),
}

const SENTENCES: readonly (readonly [Conditions, string])[] = [
  [french, 'language is "de", the rule wants "fr".'],
  [
    { not: { fact: 'language', operator: 'equal', value: 'DE' } },
    'language is "de", the rule wants anything but "DE".',
  ],
  [
    { fact: 'country', operator: 'in', value: ['DE', 'CH', 'LI'] },
    'country is "AT", the rule wants "DE", "CH" or "LI".',
  ],
  [
    { not: { fact: 'country', operator: 'in', value: ['CH', 'AT'] } },
    'country is "AT", the rule wants anything but "CH" or "AT".',
  ],
  [{ fact: 'tags', operator: 'contains', value: 'new' }, 'tags is "vip" and "beta", the rule wants "new" among them.'],
  [
    { not: { fact: 'tags', operator: 'containsAll', value: ['vip', 'beta'] } },
    'tags is "vip" and "beta", the rule wants not all of "vip" and "beta" among them.',
  ],
  [
    { fact: 'custom.seats', operator: 'between', value: [5, 10] },
    'custom.seats is 4, the rule wants 5 to 10, both included.',
  ],
  [{ not: { fact: 'custom.seats', operator: 'lessThan', value: 5 } }, 'custom.seats is 4, the rule wants at least 5.'],
  [
    { fact: 'message', operator: 'includesText', value: '$& %' },
    `message is "${'x'.repeat(60)}...", the rule wants text that includes "$& %".`,
  ],
  [{ fact: 'plan', operator: 'exists' }, 'plan is unknown, the rule wants it to be known.'],
  [{ fact: 'language', operator: 'missing' }, 'language is "de", the rule wants it to be unknown.'],
  [{ fact: 'plan', operator: 'equal', value: 'pro' }, 'plan is unknown.'],
  [
    {
      all: [
        { fact: 'plan', operator: 'equal', value: 'pro' },
        { fact: 'city', operator: 'equal', value: 'Graz' },
        { fact: 'plan', operator: 'notEqual', value: 'free' },
      ],
    },
    'plan and city are unknown.',
  ],
  [{ fact: 'language', operator: 'lessThan', value: 5 }, 'language is "de", which lessThan cannot judge.'],
  [{ fact: 'custom.teams', operator: 'equal', value: 'ops' }, 'custom.teams is a list, which equal cannot judge.'],
  [
    { any: [french, { fact: 'country', operator: 'equal', value: 'FR' }] },
    'language is "de", the rule wants "fr", and the alternative is not met either.',
  ],
  [
    { any: [{ all: [{ any: [french, { not: { fact: 'language', operator: 'exists' } }] }] }, french, french] },
    'language is "de", the rule wants "fr", and 3 alternatives are not met either.',
  ],
  [{ any: [french, french, french] }, 'language is "de", the rule wants "fr", and 2 alternatives are not met either.'],
  [{ all: [{ fact: 'language', operator: 'exists' }, french] }, 'language is "de", the rule wants "fr".'],
  [
    { not: { all: [{ fact: 'country', operator: 'equal', value: 'at' }, { not: french }] } },
    'country is "AT", the rule wants anything but "at", and the alternative is not met either.',
  ],
]

for (const [conditions, sentence] of SENTENCES) {
  test(`why: ${sentence}`, async (t) => {
    t.equal(whyOf(conditions, FACTS), sentence)
  })
}

test('long lists are cut and an empty one is said to be empty', async (t) => {
  const tags = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
  const conditions: Conditions = { fact: 'tags', operator: 'contains', value: 'vip' }
  t.equal(whyOf(conditions, { tags }), 'tags is "a", "b", "c", "d", "e" and 2 more, the rule wants "vip" among them.')
  t.equal(whyOf(conditions, { tags: [] }), 'tags is empty, the rule wants "vip" among them.')
})

test('a long text is not cut in the middle of an emoji', async (t) => {
  const message = `${'x'.repeat(59)}👍 thanks`
  const why = whyOf({ fact: 'message', operator: 'includesWord', value: 'refund' }, { message })
  t.equal(why, `message is "${'x'.repeat(59)}...", the rule wants text with the word "refund".`)
})

function whyOf(conditions: Conditions, facts: Facts): string {
  return whyNotMatched(explainConditions(prepareConditions(conditions), facts, new Set()), () => false)
}
