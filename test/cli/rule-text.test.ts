import { execFileSync } from 'node:child_process'
import { test } from 'tap'
import { ruleText } from '../../src/cli/rule-text.ts'
import type { RuleDocument } from '../../src/domain/rule.ts'
import { rule } from '../support/rules.ts'

const whole: RuleDocument = {
  key: 'german-vip',
  name: 'German-speaking VIPs',
  description: 'Agreed with the DACH team',
  status: 'enabled',
  priority: 900,
  events: ['chat.new'],
  conditions: {
    all: [
      { fact: 'language', operator: 'equal', value: 'de' },
      {
        any: [
          { fact: 'plan', operator: 'in', value: ['pro', 'enterprise'] },
          { fact: 'email', operator: 'exists' },
        ],
      },
      { not: { fact: 'country', operator: 'in', value: ['CH', 'AT'] } },
    ],
  },
  schedule: {
    timezone: 'Europe/Berlin',
    windows: [{ days: [1, 2, 3, 4, 5], from: '09:00', to: '18:00' }],
    outside: true,
  },
  reroute: true,
  department: 233048,
  tests: [
    {
      name: 'pro',
      facts: { language: 'de', tags: [], plan: 'Pro', 'custom.a': 1, 'custom.b': 2 },
      at: '2026-03-02T10:00:00+01:00',
      expect: 'unknown',
    },
  ],
}

/** The same document with the members of every object the other way round, as a database may give them. */
function turned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(turned)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .map(([name, member]) => [name, turned(member)])
      .toReversed(),
  )
}

test('a rule has the same bytes whatever the order of its keys, and that order is the one of the guide', (t) => {
  const text = ruleText(whole)
  t.equal(ruleText(turned(whole) as RuleDocument), text) // it has the members of one
  t.equal(JSON.stringify(JSON.parse(text)), JSON.stringify(whole), 'nothing is lost, nothing added')
  t.end()
})

test('a rule is laid out as the formatter of this project does it', (t) => {
  const lists = [5, 18, 19, 20, 21, 60].flatMap((length) => [
    Array.from({ length }, (_, index) => index * 97),
    Array.from({ length }, (_, index) => `v${index}`),
  ])
  const any = lists.map((value) => ({ fact: 'custom.ids', operator: 'in' as const, value }))
  for (const document of [whole, rule({ conditions: { any } })]) {
    const text = ruleText(document)
    const formatted = execFileSync('biome', ['format', '--stdin-file-path=rule.json'], {
      input: text,
      encoding: 'utf8',
    })
    t.equal(text, formatted)
  }
  t.end()
})
