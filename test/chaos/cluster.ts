import { setTimeout as sleep } from 'node:timers/promises'
import type { RuleDocument } from '../../src/domain/rule.ts'
import type { Simulator, SimulatorOptions } from '../../src/sandbox/simulator/simulator.ts'
import { createDatabase, openConnection, type Statement } from '../support/postgres.ts'
import { type Replica, startReplica } from '../support/processes.ts'
import { rule, writeRules } from '../support/rules.ts'
import { startApp } from '../support/second-app.ts'
import { settingsFor, startAccount } from '../support/service.ts'
import { envelope } from '../support/webhooks.ts'
import type { Stage } from './scenario.ts'

export interface ClusterOptions {
  readonly replicas: number
  /** Default: one that sends every new chat to department 10. */
  readonly rules?: readonly Partial<RuleDocument>[]
  readonly settings?: Readonly<Record<string, string>>
  readonly simulator?: Partial<SimulatorOptions>
  /** Of a Postgres that is to be killed; default: a new database on the server that all share. */
  readonly databaseUrl?: string
}

/** Replicas that know of each other only through their database, and a simulated HelpCrunch. */
export interface Peers {
  readonly simulator: Simulator
  readonly databaseUrl: string
  readonly sql: Statement
  readonly replicas: readonly { readonly url: string }[]
  /** The address of any replica, by chance, as a load balancer gives it. */
  url(): string
}

/** Replicas as processes of their own, which may be killed. */
export interface Cluster extends Peers {
  /** In the order of their start; who kills one puts another in its place. */
  readonly replicas: Replica[]
  /** Starts one more, which is not in the list. */
  start(settings?: Readonly<Record<string, string>>): Promise<Replica>
  /** kill -9, and a new one in its place, as a supervisor does it. */
  restart(index: number): Promise<void>
}

/** Sends every new chat to department 10. */
export const EVERY_NEW_CHAT = rule({ conditions: { fact: 'event', operator: 'equal', value: 'chat.new' } })

/** So many calls a minute that the budget is not what a scenario is about. */
const PLENTY = { HELPCRUNCH_REQUESTS_PER_MINUTE: '10000' }
const UNLIMITED = { rateLimitPerMinute: 1_000_000 }
/** A replica that starts while the database is away ends with a message; its supervisor starts it again. */
const STARTS_MAX = 20
const RESTART_MS = 500

/** Starts the simulator and the replicas; all of it ends with the stage. */
export async function startCluster(stage: Stage, options: ClusterOptions): Promise<Cluster> {
  const { env, ...ground } = await layGround(stage, options)
  const start = (settings: Readonly<Record<string, string>> = {}) => startReplica(stage, { ...env, ...settings })
  const replicas = await Promise.all(Array.from({ length: options.replicas }, () => start()))
  return {
    ...{ ...ground, replicas, start },
    url: () => chooseUrl(stage, replicas),
    async restart(index) {
      await replicas[index]?.kill()
      replicas[index] = await startPatiently(start)
    },
  }
}

/**
 * The same for a scenario that neither ends nor freezes any. In its quick form they are services of this process, since to
 * start processes would take longer than the rest of it.
 */
export async function startPeers(stage: Stage, options: ClusterOptions): Promise<Peers> {
  if (!stage.isQuick) return startCluster(stage, options)
  const { env, ...ground } = await layGround(stage, options)
  const replicas = await Promise.all(Array.from({ length: options.replicas }, () => startApp(stage, env)))
  return { ...ground, replicas, url: () => chooseUrl(stage, replicas) }
}

/** All but the replicas, and the settings for them. */
async function layGround(stage: Stage, options: ClusterOptions) {
  const switches = { ...UNLIMITED, ...options.simulator?.switches }
  const simulator = await startAccount(stage, { ...options.simulator, switches })
  const databaseUrl = options.databaseUrl ?? (await createDatabase(stage))
  const rulesDir = await writeRules(stage, options.rules ?? [EVERY_NEW_CHAT])
  const concurrency = { WORKER_CONCURRENCY: String(stage.size(5, 3)) } // each job at a time is a connection, and so a process
  const env = { ...settingsFor(simulator, databaseUrl, rulesDir), ...concurrency, ...PLENTY, ...options.settings }
  return { simulator, databaseUrl, sql: await openConnection(stage, databaseUrl), env }
}

function chooseUrl({ random }: Stage, replicas: Peers['replicas']): string {
  return replicas[Math.floor(random() * replicas.length)]?.url ?? ''
}

async function startPatiently(start: () => Promise<Replica>): Promise<Replica> {
  for (let starts = 1; ; starts++) {
    try {
      return await start()
    } catch (error) {
      if (starts === STARTS_MAX) throw error
      await sleep(RESTART_MS)
    }
  }
}

/** A chat that a customer opens at HelpCrunch, and the webhook about it, which nobody has sent yet; `parts` are the envelope's. */
export function openChat(simulator: Simulator, parts: Readonly<Record<string, unknown>> = {}, customerId = 9011) {
  const { id: chatId } = simulator.openChat({ customerId })
  const state = { chat_id: chatId, customer: { id: customerId }, status: 'new', department: null, assignee: null }
  return { chatId, envelope: envelope({ eventData: state, ...parts }) }
}

/** As if all workers known so far had been silent for a minute: where all are dead, nobody needs to wait until it is noticed. */
export async function ageWorkers(sql: Statement): Promise<void> {
  await sql(`UPDATE workers SET seen_at = seen_at - interval '1 min'`)
  await sql(`UPDATE graphile_worker._private_jobs SET locked_at = locked_at - interval '1 min'`)
}
