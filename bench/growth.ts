import { setTimeout as sleep } from 'node:timers/promises'
import { query, startTestServer } from '../test/support/postgres.ts'
import { ADMIN_TOKEN } from '../test/support/service.ts'
import { builtArgs } from '../test/support/start-command.ts'
import { createDatabaseOn } from './support/database.ts'
import { createLoad } from './support/load.ts'
import { insertPast, PAST_DAYS } from './support/past.ts'
import { type Served, serve } from './support/process.ts'
import { ageOutOneDay } from './support/retention.ts'
import { medianOfRounds, percentile } from './support/rounds.ts'
import { withScope } from './support/scope.ts'
import { routerSettings } from './support/settings.ts'
import { printTable, type Row, spell } from './support/table.ts'

// A database with a million decisions in it: how long each list takes, and which indexes it went by.
const DECISIONS = Number(process.env.DECISIONS ?? 1_000_000)
const REQUESTS = 100
const LIMIT_MS = { list: 50, stats: 200, lock: 100 }
/** Postgres tells how often an index was used a second or so after the use, and 10 s after it at the latest. */
const STATISTICS_MS = { usual: 1_500, max: 12_000 }
const INTAKE = { rounds: 9, connections: 32, forMs: 1_500 }

await withScope(async (scope) => {
  const server = await startTestServer()
  scope.teardown(() => server.stop())
  const large = await createDatabaseOn(scope, server.url, 'large')
  const small = await createDatabaseOn(scope, server.url, 'small')
  const startedAt = performance.now()
  await insertPast(large, DECISIONS)
  console.log(`${DECISIONS} decisions written in ${((performance.now() - startedAt) / 1_000).toFixed(0)} s`)
  const start = async (DATABASE_URL: string) =>
    serve(scope, builtArgs(), await routerSettings(scope, { DATABASE_URL, ROLE: 'web' }))
  const [onLarge, onSmall] = [await start(large), await start(small)]

  const rows: Row[] = []
  for (const [path, limitMs] of pathsOf(DECISIONS)) rows.push(await measurePath(onLarge, large, path, limitMs))
  const { longestMs, looks, tookMs } = await ageOutOneDay(scope, large)
  rows.push({
    ...{ what: "a day's retention run, longest transaction", measured: `${spell(longestMs)} ms` },
    ...{ beside: `${looks} looks in ${(tookMs / 1_000).toFixed(1)} s` },
    ...{ target: `no lock for more than ${LIMIT_MS.lock} ms`, isReached: longestMs <= LIMIT_MS.lock },
  })
  const load = createLoad(scope)
  const intake = await medianOfRounds(
    Object.entries({ large: onLarge, small: onSmall }).map(([name, { url }]) => {
      return { name, round: () => load.flood(url, INTAKE.connections, INTAKE.forMs) }
    }),
    INTAKE.rounds,
  )
  const [withPast = 0, without = 0] = ['large', 'small'].map((name) => intake.get(name))
  rows.push({
    ...{ what: 'intake', measured: `${spell(withPast)} /s`, beside: `empty database ${spell(without)} /s` },
    ...{ target: 'within 10 %', isReached: withPast >= without * 0.9 },
  })
  printTable(`Growth: ${DECISIONS.toLocaleString('en-US')} recorded decisions, p99 of ${REQUESTS} requests`, rows)
})

/** Each filter by itself, those that are used together, a page far back; each with its limit. */
function pathsOf(decisions: number): [string, number][] {
  const day = (daysAgo: number) => new Date(Date.now() - daysAgo * 86_400_000).toISOString()
  const [old, older] = [day(PAST_DAYS * 0.7), day(PAST_DAYS * 0.7 + 1)]
  const lists = [
    ...['decisions', `decisions?cursor=${cursorOf(decisions / 10)}`, `decisions/${Math.floor(decisions / 2)}`],
    ...['decisions?outcome=applied', 'decisions?outcome=failed', 'decisions?outcome=rejected'],
    ...['decisions?rule=rule-00004', 'decisions?rule=never', 'decisions?department=12', 'decisions?department=99'],
    ...[`decisions?chatId=${Math.floor(decisions / 3)}`, `decisions?from=${older}&to=${old}`, `decisions?to=${old}`],
    ...[`decisions?outcome=failed&from=${older}&to=${old}`, `decisions?rule=rule-00004&from=${older}&to=${old}`],
    ...['events', 'events?status=done', 'events?status=set_aside', 'events?type=chat.closed', 'events?type=never'],
    ...[`events?chatId=${Math.floor(decisions / 3)}`, `events/past-${Math.floor(decisions / 2)}`, 'facts'],
  ]
  const stats = ['stats', `stats?from=${day(7)}`]
  return [
    ...lists.map((path): [string, number] => [path, LIMIT_MS.list]),
    ...stats.map((path): [string, number] => [path, LIMIT_MS.stats]),
  ]
}

async function measurePath({ url }: Served, databaseUrl: string, path: string, limitMs: number): Promise<Row> {
  const ask = async () => {
    const startedAt = performance.now()
    const reply = await fetch(`${url}/v1/${path}`, { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } })
    await reply.arrayBuffer()
    if (reply.status !== 200) throw new Error(`${path} was answered with ${reply.status}.`)
    return performance.now() - startedAt
  }
  for (let warmUp = 0; warmUp < 3; warmUp++) await ask()
  await sleep(STATISTICS_MS.usual)
  const before = await readScans(databaseUrl)
  const durations: number[] = []
  for (let request = 0; request < REQUESTS; request++) durations.push(await ask())
  const names = await scannedSince(before, databaseUrl)
  const p99 = percentile(durations, 0.99)
  const isIndexed = names.length > 0 && !names.some((name) => name.startsWith('all of'))
  return {
    ...{ what: path.replaceAll(/T[0-9:.]+Z/g, ''), measured: `${spell(p99)} ms`, beside: names.join(', ') },
    ...{ target: `under ${limitMs} ms, by an index`, isReached: p99 < limitMs && isIndexed },
  }
}

/** What was used since then, as soon as Postgres tells; nothing when it does not. */
async function scannedSince(before: ReadonlyMap<string, number>, databaseUrl: string): Promise<string[]> {
  let names: string[] = []
  for (let waitedMs = 0; names.length === 0 && waitedMs < STATISTICS_MS.max; waitedMs += STATISTICS_MS.usual) {
    await sleep(STATISTICS_MS.usual)
    const used = [...(await readScans(databaseUrl))].filter(([name, scans]) => scans > (before.get(name) ?? 0))
    names = used.map(([name]) => name)
  }
  return names
}

/** How often each index of the two large tables was used so far, and how often a whole table was read. */
async function readScans(databaseUrl: string): Promise<Map<string, number>> {
  const rows = await query<{ name: string; scans: number }>(
    databaseUrl,
    `SELECT indexrelname AS name, idx_scan::int AS scans FROM pg_stat_user_indexes WHERE relname = ANY ($1)
    UNION ALL SELECT 'all of ' || relname, seq_scan::int FROM pg_stat_user_tables WHERE relname = ANY ($1)`,
    [['decisions', 'webhook_events']],
  )
  return new Map(rows.map(({ name, scans }) => [name, scans]))
}

function cursorOf(id: number): string {
  return Buffer.from(`${Date.now()}:${Math.floor(id)}`).toString('base64url')
}
