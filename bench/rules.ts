import type { Conditions } from '../src/domain/conditions.ts'
import type { Facts, Lookup } from '../src/domain/facts.ts'
import { findWinner } from '../src/domain/find-winner.ts'
import type { RuleDocument } from '../src/domain/rule.ts'
import { compileRuleset } from '../src/domain/ruleset.ts'
import { createIndexedMap } from './baselines/indexed-map.ts'
import { createPlainEngine } from './baselines/plain-engine.ts'
import { createZenTable } from './baselines/zen-table.ts'
import { medianOfRounds, microsecondsOf } from './support/rounds.ts'
import { factsFor, languagePlanTag, ruleOf, ruleOfStep } from './support/rule-sets.ts'
import { printTable, type Row, spell } from './support/table.ts'

// What it costs to find the rule that wins, as the number of rules grows.
const SIZES = [10, 100, 1_000, 10_000]
const WORST_SIZE = 1_000
const ROUNDS = 5
const ROUND_MS = 100

type Find = (facts: Facts) => Promise<number | undefined>

const rows: Row[] = []
for (const size of SIZES) rows.push(...(await measureSize(size)))
rows.push(await measureGrowth())
printTable('Rule evaluation, per event (language and plan and tag, first match)', rows)
printTable(`Worst cases, ${WORST_SIZE.toLocaleString('en-US')} rules`, await measureWorstCases())

async function measureSize(size: number): Promise<Row[]> {
  const rules = languagePlanTag(size)
  const { ours, plain, zen, map } = await compare(
    {
      ours: createOurs(rules),
      plain: createPlainEngine(rules),
      zen: createZenTable(size),
      map: createIndexedMap(size),
    },
    (step) => factsFor(ruleOfStep(step, size)),
    (step) => rules[ruleOfStep(step, size)]?.department,
  )
  const what = `${size.toLocaleString('en-US')} rules`
  const measured = `${spell(ours)} us`
  const times = plain / ours
  const target = size === 1_000 && { target: 'at least 100x faster', isReached: times >= 100 }
  return [
    { what, measured, beside: `plain json-rules-engine ${spell(plain)} us: ${spell(times)}x`, ...target },
    { what, measured, beside: `zen decision table ${spell(zen)} us`, target: 'faster', isReached: ours < zen },
    { what, measured, beside: `a map by hand ${spell(map)} us` },
  ]
}

async function measureGrowth(): Promise<Row> {
  const [few, many] = [100, 10_000]
  const finders = { few: createOurs(languagePlanTag(few)), many: createOurs(languagePlanTag(many)) }
  const contenders = Object.entries({ few, many } as const).map(([name, size]) => {
    const find = finders[name === 'few' ? 'few' : 'many']
    return { name, round: () => microsecondsOf((step) => find(factsFor(ruleOfStep(step, size))), ROUND_MS) }
  })
  const medians = await medianOfRounds(contenders, 2 * ROUNDS)
  const growth = (medians.get('many') ?? Number.NaN) / (medians.get('few') ?? Number.NaN)
  const measured = `${spell(growth)}x`
  return { what: 'from 100 to 10,000 rules', measured, target: 'less than 3x', isReached: growth < 3 }
}

/** Microseconds of each, taking turns; all have to find the department that is expected. */
async function compare<Name extends string>(
  finders: Record<Name, Find>,
  factsOf: (step: number) => Facts,
  expected: (step: number) => number | undefined,
): Promise<Record<Name, number>> {
  const names = Object.keys(finders) as Name[]
  for (const name of names) {
    const found = await finders[name](factsOf(3))
    if (found !== expected(3)) throw new Error(`${name} finds ${found} where ${expected(3)} is right.`)
  }
  const contenders = names.map((name) => {
    return { name, round: () => microsecondsOf((step) => finders[name](factsOf(step)), ROUND_MS) }
  })
  return Object.fromEntries(await medianOfRounds(contenders, ROUNDS)) as Record<Name, number>
}

function createOurs(rules: readonly RuleDocument[], open: ReadonlySet<Lookup> = new Set()): Find {
  const ruleset = compileRuleset({ version: 1, rules: rules.map((document) => ({ document, version: 1 })) })
  const at = new Date()
  return async (facts) => {
    const search = await findWinner(ruleset, { eventType: 'chat.new', at, facts }, open)
    return search.kind === 'settled' ? search.winner?.rule.document.department : undefined
  }
}

/** Rules of which the index can leave out few or none; the last one is the one that matches. */
async function measureWorstCases(): Promise<Row[]> {
  const last = WORST_SIZE - 1
  const seats = (index: number): Conditions => ({ fact: 'custom.seats', operator: 'equal', value: index })
  const shapes: Record<string, (index: number) => Conditions> = {
    'no condition that can be indexed': (index) => ({
      all: [{ fact: 'custom.seats', operator: 'greaterThan', value: last - 1 - index }],
    }),
    'all rules on one value': (index) => ({
      all: [
        { fact: 'country', operator: 'equal', value: 'AT' },
        { fact: 'custom.seats', operator: 'greaterThan', value: last - 1 - index },
      ],
    }),
    'any of 20': (index) => ({
      any: Array.from({ length: 20 }, (_, other) => seats(last - index + other * WORST_SIZE)),
    }),
  }
  const rows: Row[] = []
  for (const [what, conditionsOf] of Object.entries(shapes)) {
    const rules = Array.from({ length: WORST_SIZE }, (_, index) => ruleOf(index, WORST_SIZE, conditionsOf(index)))
    const facts = { ...factsFor(0), 'custom.seats': 0 }
    const finders = { ours: createOurs(rules), plain: createPlainEngine(rules) }
    const { ours, plain } = await compare(
      finders,
      () => facts,
      () => rules.at(-1)?.department,
    )
    const beside = `plain json-rules-engine ${spell(plain)} us: ${spell(plain / ours)}x`
    rows.push({ what, measured: `${spell(ours)} us`, beside })
  }
  const unasked = createOurs(languagePlanTag(WORST_SIZE), new Set<Lookup>(['customer', 'chat']))
  const { ours } = await compare(
    { ours: unasked },
    () => ({ event: 'chat.new' }),
    () => undefined,
  )
  return [...rows, { what: 'nothing known yet: asks for the customer', measured: `${spell(ours)} us` }]
}
