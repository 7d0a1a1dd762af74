import { type Database, openDatabase } from '../../src/adapters/prisma/database.ts'
import { createRulesetStore } from '../../src/adapters/prisma/ruleset-store.ts'
import type { Facts, Lookup } from '../../src/domain/facts.ts'
import { findWinner } from '../../src/domain/find-winner.ts'
import type { RuleDocument } from '../../src/domain/rule.ts'
import type { CompiledRuleset } from '../../src/domain/ruleset.ts'
import { readRule } from '../../src/domain/validate-rule.ts'
import { createPause } from '../../src/services/create-pause.ts'
import { apiOf, ifMatch } from './api.ts'
import { query } from './postgres.ts'
import { rule } from './rules.ts'

/** Three rules that all match the customer of the tests, so that the order alone says who wins. */
export const EDITED_RULES: readonly RuleDocument[] = [
  rule({ key: 'notes', priority: 300, description: '' }),
  rule({ key: 'vip', priority: 200, department: 20, conditions: { fact: 'tags', operator: 'contains', value: 'vip' } }),
  rule({ key: 'pro', priority: 100, department: 30, conditions: { fact: 'plan', operator: 'equal', value: 'pro' } }),
]

/**
 * One person's edits: by turns a note added to the description of one rule, as it was read, and all rules put into
 * another order, by their keys or by being replaced. Who comes too late, or is answered with an error of the service, reads again and repeats. Gives how often
 * that was.
 */
export async function editRules(service: { readonly url: string }, name: string, edits: number): Promise<number> {
  const keys = EDITED_RULES.map(({ key }) => key)
  let repeats = 0
  for (let edit = 0; edit < edits; edit++) {
    if (edit % 2 === 1) keys.unshift(...keys.splice(edit % 3, 1))
    const orderBy = edit % 4 === 1 ? putOrder : replaceAll
    const tryOnce = () => (edit % 2 === 1 ? orderBy(service, keys) : addNote(service, `${name}${edit}`))
    while (!(await tryOnce())) {
      repeats += 1
      if (repeats > edits * REPEATS_MAX) throw new Error(`${repeats} edits of ${name} had to be repeated.`)
    }
  }
  return repeats
}

const REPEATS_MAX = 20

/** False when it has to be repeated. */
async function putOrder(service: { readonly url: string }, keys: readonly string[]): Promise<boolean> {
  const { status, body } = await apiOf(service).send('PUT', '/v1/rules/order', { keys })
  if (status !== 200 && status < 500) throw new Error(`The order was answered with ${JSON.stringify(body)}.`)
  return status === 200
}

/** The same, with all rules as they were read. */
async function replaceAll(service: { readonly url: string }, keys: readonly string[]): Promise<boolean> {
  const { send } = apiOf(service)
  const read = await send('GET', '/v1/rules')
  if (read.status >= 500) return false
  const rules = read.body.data.map((document: RuleDocument) => {
    return { ...document, priority: 100 * (keys.length - keys.indexOf(document.key)) }
  })
  const { status, body } = await send('PUT', '/v1/rules', { rules }, { 'if-match': read.headers.get('etag') ?? '' })
  if (status !== 200 && status !== 412 && status < 500) {
    throw new Error(`The rules were answered with ${JSON.stringify(body)}.`)
  }
  return status === 200
}

/** The same; a note whose answer was lost is found when it is tried again. */
async function addNote(service: { readonly url: string }, note: string): Promise<boolean> {
  const { send } = apiOf(service)
  const read = await send('GET', '/v1/rules/notes')
  if (read.status >= 500) return false
  const { description, version } = read.body
  if (description.split(' ').includes(note)) return true
  const noted = { ...read.body, description: `${description}${note} ` }
  const { status, body } = await send('PUT', '/v1/rules/notes', noted, ifMatch(version))
  if (status !== 200 && status !== 412 && status < 500) {
    throw new Error(`The note was answered with ${JSON.stringify(body)}.`)
  }
  return status === 200
}

/** The notes that `editRules` must have left, in any order. */
export function notesOf(name: string, edits: number): string[] {
  return Array.from({ length: Math.ceil(edits / 2) }, (_, index) => `${name}${index * 2}`)
}

/** Every rule set there ever was that is not whole: its rules valid, and in one of the orders that were asked for. */
export async function findTornSets(databaseUrl: string): Promise<number[]> {
  const sets = await query<{ version: number; documents: RuleDocument[] }>(
    databaseUrl,
    `SELECT v AS version, (SELECT json_agg(document) FROM rule_versions WHERE live_from <= v AND (live_to IS NULL OR live_to > v))
      AS documents FROM ruleset_head, generate_series(1, ruleset_head.version) AS v`,
  )
  const isWhole = (documents: readonly RuleDocument[]) =>
    documents.every((document) => readRule(document).kind === 'valid') &&
    documents
      .map(({ priority }) => priority)
      .toSorted((a, b) => a - b)
      .join() === '100,200,300'
  return sets.filter(({ documents }) => !isWhole(documents)).map(({ version }) => version)
}

/** How many milliseconds after a change each decision was made that did not yet know of it, the longest last. */
export async function measureLags(databaseUrl: string): Promise<number[]> {
  const rows = await query<{ lag_ms: number }>(
    databaseUrl,
    `WITH changes AS (SELECT live_from AS version, min(created_at) AS at FROM rule_versions GROUP BY live_from)
    SELECT (extract(epoch FROM d.decided_at - c.at) * 1000)::float8 AS lag_ms
    FROM decisions d JOIN changes c ON c.version = d.ruleset_version + 1 WHERE d.decided_at > c.at ORDER BY 1`,
  )
  return rows.map(({ lag_ms }) => lag_ms)
}

interface RecordedRow {
  readonly id: string
  readonly event_type: string
  readonly happened_at: Date
  readonly facts: Facts
  readonly open_lookups: Lookup[]
  readonly ruleset_version: number
  readonly rule_key: string | null
}

/** Evaluates every recorded decision again on its own rule set, in any order, and gives those that come out otherwise. */
export async function replayDecisions(databaseUrl: string): Promise<{ replayed: number; mismatches: string[] }> {
  const rows = await query<RecordedRow>(databaseUrl, 'SELECT * FROM decisions ORDER BY md5(id::text)')
  const database = openDatabase({ url: databaseUrl, connections: 2, onLostConnection: () => {} })
  try {
    const at = remember(database)
    const mismatches: string[] = []
    for (const row of rows) {
      const routingCase = { eventType: row.event_type, at: row.happened_at, facts: row.facts }
      const search = await findWinner(await at(row.ruleset_version), routingCase, new Set(row.open_lookups))
      const key = search.kind === 'settled' ? (search.winner?.rule.document.key ?? null) : undefined
      if (key !== row.rule_key) mismatches.push(row.id)
    }
    return { replayed: rows.length, mismatches }
  } finally {
    await database.close()
  }
}

/** The service keeps a few sets; here each is loaded once. */
function remember({ prisma }: Database): (version: number) => Promise<CompiledRuleset> {
  const store = createRulesetStore(prisma, createPause)
  const sets = new Map<number, Promise<CompiledRuleset>>()
  return (version) => {
    const known = sets.get(version) ?? store.at(version)
    sets.set(version, known)
    return known
  }
}
