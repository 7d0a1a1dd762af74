import fc from 'fast-check'
import { test } from 'tap'
import { compileRule } from '../../src/domain/compile-rule.ts'
import { explain } from '../../src/domain/explain.ts'
import { explainConditions } from '../../src/domain/explain-conditions.ts'
import { type Facts, findFact, type Lookup } from '../../src/domain/facts.ts'
import { findWinner } from '../../src/domain/find-winner.ts'
import { prepareConditions } from '../../src/domain/prepared-conditions.ts'
import type { RuleDocument } from '../../src/domain/rule.ts'
import { someConditions, someFacts } from './rule-arbitraries.ts'
import { buildCase, buildRule, buildRuleset } from './rule-builder.ts'
import { referenceResult } from './three-valued-reference.ts'

const seed = Number(process.env.FC_SEED ?? Date.now() % 2 ** 31)
const someLookups = fc.uniqueArray(fc.constantFrom<Lookup>('customer', 'chat')).map((lookups) => new Set(lookups))

test('the engine, the explanation and a naive reading of the contract agree on 20,000 rules and facts', async (t) => {
  t.comment(`seed ${seed} (again with FC_SEED=${seed})`)
  const seen = { match: 0, no_match: 0, unknown: 0 }
  const law = fc.asyncProperty(
    someConditions,
    fc.array(someFacts, { minLength: 5, maxLength: 5 }),
    async (conditions, cases) => {
      const prepared = prepareConditions(conditions)
      const engine = compileRule(prepared)
      const negatedEngine = compileRule(prepareConditions({ not: conditions }))
      for (const facts of cases) {
        const expected = referenceResult(conditions, facts)
        seen[expected] += 1
        const certain = await engine.certain(facts)
        const certainlyNot = await negatedEngine.certain(facts)
        const { result } = explainConditions(prepared, facts, new Set())
        if (certain !== (expected === 'match')) throw new Error(`The engine says ${certain}, it is ${expected}.`)
        if (certainlyNot !== (expected === 'no_match')) throw new Error(`Negated: ${certainlyNot}, it is ${expected}.`)
        if (result !== expected) throw new Error(`The explanation says ${result}, it is ${expected}.`)
      }
    },
  )
  await t.resolves(fc.assert(law, { seed, numRuns: 4000 }))
  t.ok(
    Math.min(...Object.values(seen)) > 1000,
    `every result is common enough to mean something: ${JSON.stringify(seen)}`,
  )
})

test('a rule that open lookups could make match is never given up', async (t) => {
  t.comment(`seed ${seed}`)
  let matches = 0
  const law = fc.asyncProperty(
    fc.tuple(someConditions, someFacts, someLookups, fc.array(someFacts, { minLength: 5, maxLength: 5 })),
    async ([conditions, facts, open, answers]) => {
      const engine = compileRule(prepareConditions(conditions))
      const possible = await engine.possible(facts, open)
      for (const answer of answers) {
        const told = Object.entries(answer).filter(([name]) => isOpen(name, open))
        if (!(await engine.certain({ ...Object.fromEntries(told), ...facts }))) continue
        matches += 1
        if (!possible) throw new Error(`Given up, but it matches with ${JSON.stringify(told)}.`)
      }
    },
  )
  await t.resolves(fc.assert(law, { seed, numRuns: 2000 }))
  t.ok(matches > 500, `enough answers made a rule match: ${matches}`)
})

test('with no lookup open, only what is certain is possible', async (t) => {
  const law = fc.asyncProperty(someConditions, someFacts, async (conditions, facts) => {
    const engine = compileRule(prepareConditions(conditions))
    return (await engine.possible(facts, new Set())) === (await engine.certain(facts))
  })
  await t.resolves(fc.assert(law, { seed, numRuns: 500 }))
})

const someRules: fc.Arbitrary<RuleDocument[]> = fc
  .array(
    fc.record({
      conditions: someConditions,
      priority: fc.integer({ min: 1, max: 3 }),
      status: fc.constantFrom('draft', 'shadow', 'enabled', 'enabled', 'enabled', 'disabled'),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((rules) => rules.map((rule, index) => buildRule({ ...rule, key: `rule-${index}` })))

test('the winner does not depend on the order in which rules are stored', async (t) => {
  t.comment(`seed ${seed}`)
  const given = someRules.chain((rules) =>
    fc.tuple(fc.constant(rules), fc.shuffledSubarray(rules, { minLength: rules.length }), someFacts, someLookups),
  )
  const law = fc.asyncProperty(given, async ([rules, shuffled, facts, open]) => {
    const found = await outcome(rules, facts, open)
    const foundShuffled = await outcome(shuffled, facts, open)
    return found === foundShuffled
  })
  await t.resolves(fc.assert(law, { seed, numRuns: 500 }))
})

test('the winner is explained as a match, and no enabled rule tried before it is', async (t) => {
  t.comment(`seed ${seed}`)
  let wins = 0
  const law = fc.asyncProperty(someRules, someFacts, someLookups, async (rules, facts, open) => {
    const ruleset = buildRuleset(...rules)
    const search = await findWinner(ruleset, buildCase(facts), open)
    if (search.kind !== 'settled') return true
    const winnerKey = search.winner?.rule.document.key ?? null
    const explanations = await explain(ruleset, buildCase(facts), winnerKey, open)
    const matching = explanations.filter((one) => one.status === 'enabled' && one.result === 'match')
    wins += matching.length
    return winnerKey === null ? matching.length === 0 : matching.length === 1 && matching[0]?.rule === winnerKey
  })
  await t.resolves(fc.assert(law, { seed, numRuns: 2_000 }))
  t.ok(wins > 50, `enough rules won: ${wins}`)
})

test('asking for the lookups one after the other ends at the winner that knowing everything gives', async (t) => {
  t.comment(`seed ${seed}`)
  const law = fc.asyncProperty(someRules, someFacts, someLookups, async (rules, everything, open) => {
    const ruleset = buildRuleset(...rules)
    const stillOpen = new Set(open)
    for (;;) {
      const known = Object.entries(everything).filter(([name]) => !isOpen(name, stillOpen))
      const search = await findWinner(ruleset, buildCase(Object.fromEntries(known)), stillOpen)
      if (search.kind === 'settled') {
        const all = await findWinner(ruleset, buildCase(everything), new Set())
        return all.kind === 'settled' && all.winner === search.winner
      }
      for (const lookup of search.lookups) if (!stillOpen.delete(lookup)) return false
    }
  })
  await t.resolves(fc.assert(law, { seed, numRuns: 500 }))
})

function isOpen(factName: string, open: ReadonlySet<Lookup>): boolean {
  const lookup = findFact(factName)?.lookup
  return lookup !== undefined && open.has(lookup)
}

async function outcome(rules: readonly RuleDocument[], facts: Facts, open: ReadonlySet<Lookup>): Promise<string> {
  const search = await findWinner(buildRuleset(...rules), buildCase(facts), open)
  if (search.kind === 'lookups_needed') return `lookups ${[...search.lookups].toSorted().join(' ')}`
  return `winner ${search.winner?.rule.document.key}`
}
