import { cpus } from 'node:os'
import { query } from '../test/support/postgres.ts'
import type { Scope } from '../test/support/scope.ts'
import { until } from '../test/support/service.ts'
import { builtArgs } from '../test/support/start-command.ts'
import { type Account, startAccount } from './support/account.ts'
import { createDatabaseOn, startBenchPostgres } from './support/database.ts'
import { createLoad } from './support/load.ts'
import { serve } from './support/process.ts'
import { withScope } from './support/scope.ts'
import { routerSettings } from './support/settings.ts'
import { printTable, type Row, spell } from './support/table.ts'

// One, two and four processes that work off the same queue, HelpCrunch taking 50 ms for each call.
const WORKERS = [1, 2, 4]
const CHATS = 2_400
/** So many are moved before the time is taken: by then each process has compiled what it runs often. */
const FIRST_CHATS = 800
const LATENCY_MS = 50

const rows: Row[] = []
let before = 0
for (const workers of WORKERS) {
  await withScope(async (scope) => {
    const run = await drain(scope, workers)
    const isFull = run.cores > cpus().length * 0.85
    rows.push({
      what: `${workers} worker${workers === 1 ? '' : 's'} of 10 jobs`,
      measured: `${spell(run.perSecond)} chats/s`,
      beside: `${run.cores.toFixed(1)} cores busy, lock waits ${run.lockWaits} of ${run.looks} looks, claims found taken ${run.busy}`,
      target: before === 0 ? '' : 'more, or the processors are full',
      ...(before > 0 && { isReached: run.perSecond > before || isFull }),
    })
    before = run.perSecond
  })
}
printTable(`Replicas: ${CHATS} waiting chats, all customers looked up`, rows)

interface Drain {
  readonly perSecond: number
  /** Of the whole machine, on which nothing else should run: services, Postgres and the simulated HelpCrunch. */
  readonly cores: number
  readonly lockWaits: number
  readonly looks: number
  readonly busy: number
}

/** Lets webhooks pile up, then starts workers, and takes the time of all but the first moves. */
async function drain(scope: Scope, workers: number): Promise<Drain> {
  const account = await startAccount(scope, LATENCY_MS)
  const postgres = await startBenchPostgres(scope)
  const databaseUrl = await createDatabaseOn(scope, postgres.url, 'router')
  const env = await routerSettings(scope, {
    DATABASE_URL: databaseUrl,
    HELPCRUNCH_API_URL: account.simulator.apiUrl,
    HELPCRUNCH_REQUESTS_PER_MINUTE: '10000',
  })
  const web = await serve(scope, builtArgs(), { ...env, ROLE: 'web' })
  await createLoad(scope).send(web.url, chatsOf(account), 16)
  const started = Array.from({ length: workers }, () => serve(scope, builtArgs(), { ...env, ROLE: 'worker' }))
  await Promise.all(started)
  const moved = () => account.simulator.calls.departmentPuts().length
  await until('the first are moved', () => moved() >= FIRST_CHATS)
  const looks: number[] = []
  const watch = setInterval(async () => looks.push(await countLockWaits(databaseUrl)), 100)
  const [startedAt, busyBefore, movedBefore] = [performance.now(), busyMs(), moved()]
  await until('all moved', () => moved() >= CHATS)
  const elapsedMs = performance.now() - startedAt
  const cores = (busyMs() - busyBefore) / elapsedMs
  clearInterval(watch)
  const [row] = await query<{ busy: number }>(
    databaseUrl,
    'SELECT sum(fence - 2)::int AS busy FROM chats WHERE fence > 2',
  )
  return {
    perSecond: ((CHATS - movedBefore) * 1_000) / elapsedMs,
    cores,
    lockWaits: looks.filter((waits) => waits > 0).length,
    looks: looks.length,
    busy: row?.busy ?? 0,
  }
}

/** What all processors of the machine have worked so far. */
function busyMs(): number {
  return cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0)
}

function chatsOf(account: Account): object[] {
  return account.addCustomers(CHATS, 100).map((id) => account.openChat(id).event)
}

async function countLockWaits(databaseUrl: string): Promise<number> {
  const sql = "SELECT count(*)::int AS waits FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
  const [row] = await query<{ waits: number }>(databaseUrl, sql)
  return row?.waits ?? 0
}
