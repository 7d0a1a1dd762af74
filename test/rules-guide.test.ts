import { readFile } from 'node:fs/promises'
import { test } from 'tap'
import { readRulesDir } from '../src/adapters/rule-files.ts'
import { readArguments } from '../src/cli/read-arguments.ts'
import { type Conditions, OPERATOR_NAMES } from '../src/domain/conditions.ts'
import { explain } from '../src/domain/explain.ts'
import { FACTS, type Facts, type Lookup } from '../src/domain/facts.ts'
import { findWinner } from '../src/domain/find-winner.ts'
import { operatorsFor } from '../src/domain/operator-fit.ts'
import { PATTERN_SIZE_MAX } from '../src/domain/pattern.ts'
import { EVENT_TYPES_ROUTABLE, type RuleDocument, RuleStatus } from '../src/domain/rule.ts'
import { runRuleTests } from '../src/domain/rule-tests.ts'
import { type CompiledRuleset, compileRuleset } from '../src/domain/ruleset.ts'
import { readRule } from '../src/domain/validate-rule.ts'
import { readRuleFiles } from '../src/services/import-rules.ts'
import { code, type GuideTable, readGuide } from './cli/read-guide.ts'
import { rule } from './support/rules.ts'

const MONDAY_MORNING = new Date('2026-03-02T10:00:00+02:00')
const parts = await readGuide('docs/rules.md')
const tables = parts.filter((part) => part.kind === 'table')
const examples = parts.filter((part) => part.kind === 'block' && part.info === 'json rule')
const rules = examples.flatMap((part) => (part.kind === 'block' ? [readExample(part.text)] : []))

function readExample(text: string): RuleDocument {
  const reading = readRule(JSON.parse(text))
  if (reading.kind === 'invalid') throw new Error(`${text}\n${JSON.stringify(reading.problems, null, 2)}`)
  return reading.rule
}

function tableOf(...head: readonly string[]): GuideTable {
  const found = tables.filter((table) => table.head.join() === head.join())
  const [table] = found
  if (table === undefined || found.length > 1) throw new Error(`${found.length} tables with the head ${head.join()}`)
  return table
}

/** The facts in a cell; what is no JSON, or no facts that a test may have, is refused there. */
function factsIn(cell: string | undefined): Facts {
  const tests = [{ name: 'facts of the guide', facts: JSON.parse(code(cell)), expect: 'match' }]
  return readExample(JSON.stringify({ ...rule(), tests })).tests?.[0]?.facts ?? {}
}

/** The rule that a table is about: the one above it, with other conditions where the row has some. */
function ruleFor(table: GuideTable, row: Readonly<Record<string, string>>): RuleDocument {
  if (row.condition !== undefined)
    return readExample(JSON.stringify(rule({ conditions: JSON.parse(code(row.condition)) })))
  const above = examples.findLastIndex(({ line }) => line < table.line)
  const found = rules[above]
  if (found === undefined) throw new Error(`There is no rule above the table of line ${table.line}`)
  return found
}

async function resultOf(document: RuleDocument, facts: Facts, at?: string): Promise<string | undefined> {
  const tests = [{ name: 'example', facts, expect: 'match', ...(at !== undefined && { at }) }]
  const [result] = await runRuleTests(readExample(JSON.stringify({ ...document, tests })))
  return result?.actual.replace('_', ' ')
}

const CUSTOMER: ReadonlySet<Lookup> = new Set(['customer'])

function rulesetOf(documents: readonly RuleDocument[]): CompiledRuleset {
  return compileRuleset({ version: 1, rules: documents.map((document) => ({ document, version: 1 })) })
}

/** Why each rule of a set did or did not match, as a decision says it. */
async function whys(documents: readonly RuleDocument[], eventType: string, facts: Facts, at = MONDAY_MORNING) {
  const ruleset = rulesetOf(documents)
  const search = await findWinner(ruleset, { eventType, at, facts }, new Set())
  const winner = search.kind === 'settled' ? (search.winner?.rule.document.key ?? null) : null
  const explanations = await explain(ruleset, { eventType, at, facts }, winner)
  return { winner, sentences: explanations.map(({ why }) => why) }
}

test('every rule in the guide is valid and does what its tests say', async (t) => {
  t.ok(rules.length >= 10, `${rules.length} rules`)
  for (const document of rules) {
    for (const { name, expect, actual } of await runRuleTests(document))
      t.equal(actual, expect, `${document.key}: ${name}`)
  }
  t.equal(new Set(rules.map(({ key }) => key)).size, rules.length, 'they could be used together')
})

test('every table of facts says what the rule above it does, and why', async (t) => {
  const about = tables.filter(({ head }) => head[0] === 'facts' && head.includes('result'))
  t.ok(about.length >= 6, `${about.length} tables`)
  for (const table of about) {
    for (const row of table.rows) {
      const document = ruleFor(table, row)
      const facts = factsIn(row.facts)
      t.equal(await resultOf(document, facts, row.at), row.result, `line ${table.line}: ${row.facts} ${row.at ?? ''}`)
      if (row.why === undefined) continue
      const { sentences } = await whys([{ ...document, status: 'enabled' }], 'chat.new', facts)
      t.strictSame(sentences, [code(row.why)])
    }
  }
})

test('the guide has an example for every operator, and each does what it says', async (t) => {
  const table = tableOf('operator', 'is met when', 'example', 'met by', 'not met by')
  t.strictSame(
    table.rows.map(({ operator }) => code(operator)),
    OPERATOR_NAMES,
  )
  for (const row of table.rows) {
    const conditions: Conditions = JSON.parse(code(row.example))
    const document = readExample(JSON.stringify(rule({ conditions })))
    t.match(conditions, { operator: code(row.operator) })
    t.equal(await resultOf(document, factsIn(row['met by'])), 'match', row.example ?? '')
    t.equal(await resultOf(document, factsIn(row['not met by'])), 'no match', row.example ?? '')
    const presence = row.operator === '`exists`' || row.operator === '`missing`'
    if (!presence) t.equal(await resultOf(document, {}), 'unknown', 'of a fact that nobody knows')
  }
})

test('the guide lists every fact with its type and meaning, and the operators that go with each type', (t) => {
  const listed = tableOf('fact', 'type', 'meaning').rows.map(({ fact, type, meaning }) => [code(fact), type, meaning])
  t.strictSame(
    listed.slice(0, -1),
    FACTS.map(({ name, type, meaning }) => [name, type, meaning]),
  )
  t.match(listed.at(-1), ['custom.<attribute>', 'any'])
  for (const { type, operators } of tableOf('type', 'operators').rows) {
    const names = operators === 'every one' ? OPERATOR_NAMES : operators?.split(' ').map(code)
    t.ok(FACTS.some((fact) => fact.type === type) || type === 'any')
    t.strictSame(names, operatorsFor(type as (typeof FACTS)[number]['type'])) // one of them, as just asserted
  }
  t.end()
})

test('the guide tells how large the patterns of a rule may be together, and what counts', async (t) => {
  t.match(await readFile('docs/rules.md', 'utf8'), `about ${PATTERN_SIZE_MAX}\ncharacters`)
  const wanted = (value: string) => ({ fact: 'message', operator: 'matches', value })
  const kindOf = (...patterns: string[]) => readRule({ ...rule(), conditions: { any: patterns.map(wanted) } }).kind
  t.equal(kindOf('a'.repeat(140), 'b'.repeat(140)), 'valid')
  t.equal(kindOf('a'.repeat(150), 'b'.repeat(150)), 'invalid')
  t.equal(kindOf('[0-9]{140}', 'b'.repeat(140)), 'valid')
  t.equal(kindOf('[0-9]{150}', 'b'.repeat(150)), 'invalid')
})

test('the guide lists every part of a rule, every event and every status', (t) => {
  const parts = tableOf('part', 'says').rows.flatMap(({ part }) => part?.split(', ').map(code))
  t.strictSame(parts.toSorted(), Object.keys(readableParts()).toSorted())
  const first = (table: GuideTable) => table.rows.map((row) => code(row[table.head[0] ?? '']))
  t.strictSame(first(tableOf('event', 'happens when')), EVENT_TYPES_ROUTABLE)
  t.strictSame(first(tableOf('status', 'what happens')), RuleStatus.enum)
  t.end()
})

/** A rule with all that it may have; the compiler finds a part that is missing here. */
function readableParts(): Required<RuleDocument> {
  const schedule = { timezone: 'Europe/Kyiv', windows: [] }
  return { ...rule(), description: '', events: [], schedule, reroute: false, tests: [] }
}

test('the starter rules send the chats of the guide where it says', async (t) => {
  const reading = await readRuleFiles(await readRulesDir('rules'))
  if (reading.kind === 'invalid') return t.fail(JSON.stringify(reading.problems))
  for (const row of tableOf('facts', 'rule that wins').rows) {
    const { winner } = await whys(reading.rules, 'chat.new', factsIn(row.facts))
    t.equal(winner, code(row['rule that wins']), row.facts ?? '')
  }
})

test('the sentences that the guide explains are those that decisions have', async (t) => {
  const said = new Set<string>()
  const known = rules.flatMap(({ tests = [] }) => tests.map(({ facts }) => facts))
  const rows = tables.flatMap(({ head, rows }) => (head[0] === 'facts' && head.includes('why') ? rows : []))
  const sets = [rules, ...rules.map((document) => [document])]
  for (const facts of [...known, ...rows.map((row) => factsIn(row.facts))]) {
    for (const set of sets) for (const why of (await whys(set, 'chat.new', facts)).sentences) said.add(why)
  }
  const disabled = rules.map((document) => ({ ...document, status: 'disabled' as const }))
  for (const why of (await whys(disabled, 'chat.new', {})).sentences) said.add(why)
  const notAsked = await explain(
    rulesetOf(rules),
    { eventType: 'chat.new', at: MONDAY_MORNING, facts: {} },
    null,
    CUSTOMER,
  )
  for (const { why } of notAsked) said.add(why)
  for (const { why } of tableOf('why', 'what to do').rows) t.ok(said.has(code(why)), why ?? '')
})

test('the commands in the guides are commands', async (t) => {
  const blocks = [...parts, ...(await readGuide('docs/rules-as-code.md'))].filter((part) => part.kind === 'block')
  const lines = blocks.flatMap(({ text }) => text.split('\n'))
  const commands = lines.flatMap((line) => /npm run (?:--silent )?rules -- ([^#|>&)]*)/.exec(line)?.[1]?.trim() ?? [])
  t.ok(commands.length >= 8, `${commands.length} commands`)
  for (const command of commands) {
    t.not(readArguments(command.split(/\s+/), {}).kind, 'refused', command)
  }
})
