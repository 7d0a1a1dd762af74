import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { buildApp } from '../../src/app.ts'
import type { RuleDocument } from '../../src/domain/rule.ts'
import { type Simulator, type SimulatorOptions, startSimulator } from '../../src/sandbox/simulator/simulator.ts'
import type { Json } from './json.ts'
import { createDatabase, openConnection } from './postgres.ts'
import { writeRules } from './rules.ts'
import { outermost, type Scope } from './scope.ts'

export const API_KEY = 'api-key-of-the-tests='
export const SIGNING_KEY = 'test-signing-key'
export const ADMIN_TOKEN = 'admin-token-of-the-tests'

export interface Service {
  readonly app: FastifyInstance
  readonly simulator: Simulator
  readonly url: string
  readonly databaseUrl: string
  /** `GET` with the admin's token. */
  get(path: string): Promise<{ status: number; headers: Headers; body: Json }>
  sql<Row extends Record<string, unknown>>(text: string, values?: unknown[]): Promise<Row[]>
  /** Waits until every decision is final and no event is waiting. */
  drained(): Promise<void>
}

export interface ServiceOptions {
  readonly rules?: readonly Partial<RuleDocument>[]
  readonly settings?: Readonly<Record<string, string>>
  readonly simulator?: Partial<SimulatorOptions>
  /** Takes what is logged, line by line; nothing is by default. */
  readonly lines?: Record<string, unknown>[]
}

/** The settings of a service that works with a simulator. */
export function settingsFor(simulator: Simulator, databaseUrl: string, rulesDir: string): Record<string, string> {
  return {
    PORT: '0',
    DATABASE_URL: databaseUrl,
    HELPCRUNCH_API_URL: simulator.apiUrl,
    HELPCRUNCH_API_KEY: API_KEY,
    HELPCRUNCH_SIGNING_KEY: SIGNING_KEY,
    ADMIN_TOKEN,
    WORKER_CONCURRENCY: '5',
    RULES_DIR: rulesDir,
  }
}

/** A simulated HelpCrunch with departments 10 to 40, two agents and a German-speaking customer on the Pro plan. */
export async function startAccount(t: Scope, options: Partial<SimulatorOptions> = {}): Promise<Simulator> {
  const switches = { backoffMs: [1, 1], ...options.switches }
  const simulator = await startSimulator({ apiKey: API_KEY, signingKeys: [SIGNING_KEY], ...options, switches })
  t.teardown(() => simulator.stop())
  simulator.addAgent({ id: 88, name: 'Ada' })
  simulator.addAgent({ id: 89, name: 'Ben' })
  for (const id of [10, 20, 30, 40]) simulator.addDepartment({ id, name: `Department ${id}`, agentIds: [88, 89] })
  simulator.addCustomer({ id: 9011, name: 'Olena', locale: 'de-AT', tags: ['vip'], customData: { plan: 'Pro' } })
  return simulator
}

/** The whole service on real parts: its own database, real sockets, the simulator. It ends with the test. */
export async function startService(t: Scope, options: ServiceOptions = {}): Promise<Service> {
  const simulator = await startAccount(t, options.simulator)
  const databaseUrl = await createDatabase(t)
  const rulesDir = await writeRules(t, options.rules ?? [{}])
  // Two at once are enough to get into each other's way; each worker costs a connection, and so a process of Postgres'.
  const concurrency = { WORKER_CONCURRENCY: '2' }
  const env = { ...settingsFor(simulator, databaseUrl, rulesDir), ...concurrency, ...options.settings }
  const { lines } = options
  const stream = lines && { write: (line: string) => void lines.push(JSON.parse(line)) }
  const app = await buildApp({ env, logger: stream ? { stream } : false })
  t.teardown(() => app.close())
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  simulator.webhooks.sendTo(`${url}/webhooks/helpcrunch`)
  const service = { app, simulator, url, databaseUrl, ...reader(url), sql: await openConnection(t, databaseUrl) }
  return { ...service, drained: () => drained(service) }
}

/** One service for tests that do not get into each other's way: the first of them starts it, and it outlives them all. */
export function shareService(options: ServiceOptions = {}): (t: Scope) => Promise<Service> {
  let shared: Promise<Service> | undefined
  return (t) => {
    shared ??= startService(outermost(t), options)
    return shared
  }
}

function reader(url: string): Pick<Service, 'get'> {
  return {
    async get(path) {
      const reply = await fetch(url + path, { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } })
      return { status: reply.status, headers: reply.headers, body: await reply.json() }
    },
  }
}

const OPEN_WORK = `SELECT (SELECT count(*) FROM webhook_events WHERE status = 'waiting')::int AS events,
  (SELECT count(*) FROM decisions WHERE outcome = 'pending')::int AS decisions`

async function drained({ simulator, sql }: Pick<Service, 'simulator' | 'sql'>): Promise<void> {
  await simulator.webhooks.settled()
  await until('no open work', async () => {
    const [open] = await sql<{ events: number; decisions: number }>(OPEN_WORK)
    return open?.events === 0 && open.decisions === 0
  })
}

/** Whoever waits for a state goes on at once when it is there, so this is for a machine that does much else. */
const WAIT_MS_MAX = 60_000

/** Looks again and again until something is so, less often the longer it takes; the error says what was awaited. */
export async function until(what: string, check: () => Promise<boolean> | boolean): Promise<void> {
  const startedAt = performance.now()
  while (!(await check())) {
    const waitedMs = performance.now() - startedAt
    if (waitedMs > WAIT_MS_MAX) throw new Error(`Waited ${WAIT_MS_MAX} ms in vain for: ${what}`)
    await sleep(Math.min(Math.max(25, waitedMs / 10), 200))
  }
}
