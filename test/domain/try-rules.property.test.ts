import fc from 'fast-check'
import { test } from 'tap'
import type { Facts, Lookup } from '../../src/domain/facts.ts'
import { findWinner } from '../../src/domain/find-winner.ts'
import type { RuleDocument } from '../../src/domain/rule.ts'
import { tryRules, winnerOf } from '../../src/domain/try-rules.ts'
import { someConditions, someFacts } from './rule-arbitraries.ts'
import { buildCase, buildRule, buildRuleset } from './rule-builder.ts'

const seed = Number(process.env.FC_SEED ?? Date.now() % 2 ** 31)
const someLookups = fc.uniqueArray(fc.constantFrom<Lookup>('customer', 'chat')).map((lookups) => new Set(lookups))
const someSchedule: fc.Arbitrary<Pick<RuleDocument, 'schedule'>> = fc.constantFrom(
  {},
  {},
  { schedule: { timezone: 'UTC', windows: [{ days: [1], from: '09:00', to: '10:00' }] } },
  { schedule: { timezone: 'UTC', windows: [{ days: [2], from: '09:00', to: '10:00' }] } },
  { schedule: { timezone: 'Europe/Nowhere', windows: [{ days: [1], from: '09:00', to: '10:00' }] } },
)
const someRules: fc.Arbitrary<RuleDocument[]> = fc
  .array(
    fc.record({
      conditions: someConditions,
      more: someSchedule,
      priority: fc.integer({ min: 1, max: 3 }),
      status: fc.constantFrom('draft', 'shadow', 'enabled', 'enabled', 'enabled', 'disabled'),
      events: fc.constantFrom<RuleDocument['events'] & {}>(['chat.new'], ['chat.new'], ['chat.closed']),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((rules) => rules.map(({ more, ...rule }, index) => buildRule({ ...rule, ...more, key: `rule-${index}` })))

test('trying every rule without the engine finds the winner that the engine finds, in 4,000 cases', async (t) => {
  t.comment(`seed ${seed} (again with FC_SEED=${seed})`)
  const seen = { winner: 0, nobody: 0, unknown: 0 }
  const cases = fc.array(fc.tuple(someFacts, someLookups), { minLength: 5, maxLength: 5 })
  const law = fc.asyncProperty(someRules, cases, async (rules, given) => {
    const ruleset = buildRuleset(...rules)
    for (const [facts, open] of given) {
      const routingCase = buildCase(facts)
      const search = await findWinner(ruleset, routingCase, open)
      const found = winnerOf(ruleset, tryRules(ruleset, routingCase, open), routingCase, open)
      if (search.kind === 'lookups_needed') {
        seen.unknown += 1
        if (found.kind !== 'unknown') throw new Error('The engine asks for look-ups.')
        if (found.facts.length === 0 || found.facts.some((name) => isKnown(facts, name))) {
          throw new Error(`Not the facts that are open: ${found.facts}`)
        }
        continue
      }
      seen[search.winner === null ? 'nobody' : 'winner'] += 1
      if (found.kind !== 'settled' || found.winner !== search.winner) {
        throw new Error(`The engine says ${search.winner?.rule.document.key}.`)
      }
    }
  })
  await t.resolves(fc.assert(law, { seed, numRuns: 800 }))
  t.ok(Math.min(...Object.values(seen)) > 100, `every ending is common enough: ${JSON.stringify(seen)}`)
})

function isKnown(facts: Facts, name: string): boolean {
  return Object.hasOwn(facts, name)
}
