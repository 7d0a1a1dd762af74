import { setTimeout as sleep } from 'node:timers/promises'
import { readMemory } from '../test/chaos/memory.ts'
import { query } from '../test/support/postgres.ts'
import type { Scope } from '../test/support/scope.ts'
import { until } from '../test/support/service.ts'
import { builtArgs } from '../test/support/start-command.ts'
import { type Account, startAccount } from './support/account.ts'
import { AMPLE_BUDGET, giveBudgetBack } from './support/budget.ts'
import { type BenchPostgres, createDatabaseOn, startBenchPostgres } from './support/database.ts'
import { createLoad, type Load } from './support/load.ts'
import { CONTENDERS, type Contender, type Figures, pipelineRows } from './support/pipeline-rows.ts'
import { cpuMsOf, type Served, serve } from './support/process.ts'
import { medianOfRounds, percentile } from './support/rounds.ts'
import { withScope } from './support/scope.ts'
import { routerSettings } from './support/settings.ts'
import { printTable } from './support/table.ts'

// From the webhook to the move, beside services that do everything before they answer, and store nothing; and beside the least
// that a service can do which loses nothing it has said yes to.
const RULES = 100
/** So many that how long the first ones take to come through, a tenth of a second, counts for little. */
const CHATS = 2_000
/** Webhooks that HelpCrunch sends before the first of them is answered: as many as connections in the flood of bench/intake.ts. */
const AT_A_TIME = 64
/** Chats that ours has in work, the most there may be: so many steps can be shared, and so many calls be waited for. */
const IN_WORK = 200
const ROUNDS = 5
/** A service runs for weeks; by then what it does often is compiled. */
const WARM_UP_ROUNDS = 6
const DRIP = { rounds: 5, perSecond: 50, chats: 100 }
const LATENCIES_MS = [0, 50]
const TUNED = { TUNED: 'yes' }

interface Place {
  readonly account: Account
  readonly load: Load
  readonly services: Record<Contender, Served>
  readonly databaseUrl: string
  readonly postgres: BenchPostgres
}

for (const latencyMs of LATENCIES_MS) {
  await withScope(async (scope) => {
    const place = await setUp(scope, latencyMs)
    const cpu = new Map<string, number[]>()
    const contenders = CONTENDERS.map((name) => ({ name, round: () => processAll(place, name, cpu) }))
    const perSecond = await medianOfRounds(contenders, ROUNDS, WARM_UP_ROUNDS)
    const waits = await measureWaits(place)
    const cpuMs = new Map([...cpu].map(([name, rounds]) => [name, percentile(rounds.slice(WARM_UP_ROUNDS), 0.5)]))
    const peakMb = new Map(CONTENDERS.map((name) => [name, readMemory(place.services[name].pid).peakMb]))
    const title = `Webhook to move, ${RULES} rules, HelpCrunch takes ${latencyMs} ms`
    printTable(title, pipelineRows(perSecond, waits, cpuMs, peakMb))
  })
}

async function setUp(scope: Scope, latencyMs: number): Promise<Place> {
  const account = await startAccount(scope, latencyMs)
  const postgres = await startBenchPostgres(scope)
  const databaseUrl = await createDatabaseOn(scope, postgres.url, 'router')
  const HELPCRUNCH_API_URL = account.simulator.apiUrl
  const env = await routerSettings(scope, {
    ...{
      DATABASE_URL: databaseUrl,
      HELPCRUNCH_API_URL,
      WORKER_CONCURRENCY: String(IN_WORK),
    },
    HELPCRUNCH_REQUESTS_PER_MINUTE: String(AMPLE_BUDGET),
  })
  const byHand = (file: string, MATCHER: string, settings: Readonly<Record<string, string>> = {}) =>
    serve(scope, [`bench/baselines/${file}`], { HELPCRUNCH_API_URL, RULES: String(RULES), MATCHER, ...settings })
  const services = {
    ours: await serve(scope, builtArgs(), env),
    plain: await byHand('inline-service.ts', 'plain'),
    map: await byHand('inline-service.ts', 'map'),
    'plain, tuned': await byHand('inline-service.ts', 'plain', TUNED),
    'map, tuned': await byHand('inline-service.ts', 'map', TUNED),
    floor: await byHand('routing-floor.ts', 'map', {
      ...TUNED,
      DATABASE_URL: await createDatabaseOn(scope, postgres.url, 'floor'),
    }),
  }
  return { account, postgres, databaseUrl, load: createLoad(scope), services }
}

/** Sends chats of customers never seen before, until the last is answered, moved and recorded; gives chats per second. */
async function processAll(place: Place, name: Contender, cpu: Map<string, number[]>): Promise<number> {
  const { account, load, services, postgres } = place
  await giveBudgetBack(place.databaseUrl)
  account.simulator.calls.forget()
  const events = account.addCustomers(CHATS, RULES).map((id) => account.openChat(id).event)
  const service = [services[name].pid]
  const before = { service: cpuMsOf(service), postgres: cpuMsOf(postgres.family()) }
  const startedAt = Date.now()
  await load.send(services[name].url, events, AT_A_TIME)
  const answeredAt = Date.now()
  await until('all moved', () => account.simulator.calls.departmentPuts().length >= CHATS)
  const movedAt = Math.max(...account.simulator.calls.departmentPuts().map(({ at }) => at.getTime()))
  const recordedAt = name === 'ours' ? await lastRecordedAt(place) : 0
  const elapsedMs = Math.max(answeredAt, movedAt, recordedAt) - startedAt
  const note = (key: string, ms: number) => cpu.set(key, [...(cpu.get(key) ?? []), ms / CHATS])
  note(name, cpuMsOf(service) - before.service)
  note(`${name}, Postgres`, cpuMsOf(postgres.family()) - before.postgres)
  return (CHATS * 1_000) / elapsedMs
}

/** From the post of the webhook to the arrival of the PUT, at 50 a second; the median of each. */
async function measureWaits(place: Place): Promise<Figures> {
  const known = place.account.addCustomers(DRIP.chats, RULES)
  const round = async (name: Contender, customers: readonly number[]) => {
    await giveBudgetBack(place.databaseUrl)
    place.account.simulator.calls.forget()
    const sentAt = new Map<number, number>()
    const posts: Promise<number>[] = []
    const startedAt = performance.now()
    for (const customerId of customers) {
      const { chatId, event } = place.account.openChat(customerId)
      sentAt.set(chatId, Date.now())
      posts.push(place.load.post(place.services[name].url, event))
      await sleep(Math.max(0, (posts.length * 1_000) / DRIP.perSecond - (performance.now() - startedAt)))
    }
    await Promise.all(posts)
    const { calls } = place.account.simulator
    await until('all moved', () => calls.departmentPuts().length >= customers.length)
    if (name === 'ours') await allSettled(place)
    const waits = calls.departmentPuts().map(({ at, chatId = 0 }) => at.getTime() - (sentAt.get(chatId) ?? Number.NaN))
    return percentile(waits, 0.5)
  }
  const unknown = () => place.account.addCustomers(DRIP.chats, RULES)
  return medianOfRounds(
    [
      { name: 'ours, looked up', round: () => round('ours', unknown()) },
      { name: 'ours, known', round: () => round('ours', known) },
      { name: 'plain', round: () => round('plain', known) },
      { name: 'plain, tuned', round: () => round('plain, tuned', known) },
      { name: 'floor, looked up', round: () => round('floor', unknown()) },
      { name: 'floor, known', round: () => round('floor', known) },
    ],
    DRIP.rounds,
  )
}

/** The clock of Postgres is this machine's: to ask it again and again would take the time that is measured. */
async function lastRecordedAt(place: Place): Promise<number> {
  await allSettled(place)
  const rows = await query<{ at: Date }>(place.databaseUrl, 'SELECT max(applied_at) AS at FROM decisions')
  return rows[0]?.at.getTime() ?? Number.NaN
}

async function allSettled({ databaseUrl }: Place): Promise<void> {
  await until('all recorded', async () => {
    const open = await query(databaseUrl, "SELECT FROM decisions WHERE outcome = 'pending' LIMIT 1")
    const waiting = await query(databaseUrl, "SELECT FROM webhook_events WHERE status = 'waiting' LIMIT 1")
    return open.length + waiting.length === 0
  })
}
