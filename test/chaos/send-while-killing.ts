import { setTimeout as sleep } from 'node:timers/promises'
import { type Books, compareBooks, countWithoutJob, drain } from './books.ts'
import { ageWorkers, openChat, startCluster } from './cluster.ts'
import { startOwnPostgres } from './own-postgres.ts'
import type { Stage } from './scenario.ts'
import { createSender } from './sender.ts'

export interface KillingOptions {
  /** Goes on until so many webhooks were acknowledged, and until all kills are done. */
  readonly acksMin: number
  readonly kills: number
}

export interface KillingResult {
  readonly books: Books
  readonly replicaKills: number
  readonly databaseKills: number
  /** Open work that no job would come back to, seen after each kill and at the end. */
  readonly withoutJob: number
  readonly drainS: number
}

/** Senders at work at the same time, as HelpCrunch has several. */
const SENDERS = 8

/**
 * The procedure of P1 and P2: senders that never stop, while replicas (2 of 3 times) and the postmaster (1 of 3) are killed at
 * random moments. In the quick form both look at what came of the same killing.
 */
export function sendWhileKilling(stage: Stage, options: KillingOptions): Promise<KillingResult> {
  if (!stage.isQuick) return play(stage, options)
  played ??= play(stage, options)
  return played
}

let played: Promise<KillingResult> | undefined

async function play(stage: Stage, { acksMin, kills }: KillingOptions): Promise<KillingResult> {
  const { random } = stage
  const postgres = await startOwnPostgres(stage)
  const cluster = await startCluster(stage, { replicas: 2, databaseUrl: postgres.url })
  const { sql } = cluster
  const sender = createSender(stage)
  let isKilling = true
  const isEnough = () => !isKilling && sender.acknowledged().length >= acksMin
  const perSecond = stage.size(80, 40) / SENDERS
  const next = () => (isEnough() ? undefined : { url: cluster.url(), ...openChat(cluster.simulator) })
  const sending = Promise.all(Array.from({ length: SENDERS }, () => sender.stream(perSecond, next)))
  let databaseKills = 0
  let withoutJob = 0
  for (let kill = 0; kill < kills; kill++) {
    await sleep(stage.size(1_000, 200) * (0.5 + random()))
    if (kill % 3 === 0) {
      postgres.kill()
      await postgres.restart()
      databaseKills += 1
    } else await cluster.restart(Math.floor(random() * cluster.replicas.length))
    withoutJob = Math.max(withoutJob, await countWithoutJob(sql))
  }
  isKilling = false
  await sending
  withoutJob = Math.max(withoutJob, await countWithoutJob(sql))
  if (stage.isQuick) await ageWorkers(sql) // nobody waits until jobs that could not be ended are taken for a dead worker's
  const drainS = await drain(stage, sql)
  const books = await compareBooks(sql, sender.acknowledged())
  return { books, replicaKills: kills - databaseKills, databaseKills, withoutJob, drainS }
}
