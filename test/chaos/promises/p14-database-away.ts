import { setTimeout as sleep } from 'node:timers/promises'
import type { Replica } from '../../support/processes.ts'
import { until } from '../../support/service.ts'
import { envelope } from '../../support/webhooks.ts'
import { compareBooks, drain } from '../books.ts'
import { ageWorkers, startCluster } from '../cluster.ts'
import { databaseFaults, type Outage } from '../database-faults.ts'
import { startOwnPostgres } from '../own-postgres.ts'
import { atMost, exactly, type Figure, type Scenario, type Stage, told } from '../scenario.ts'
import { createSender, percentile, type Sender, type Sending } from '../sender.ts'

/** Room for the replica, and few enough to be taken soon. */
const CONNECTIONS_MAX = 40

/** What came of one fault. */
interface Spell {
  readonly name: string
  readonly answers: readonly Sending[]
  readonly recoveredMs: number
}

/** The database goes away in all known ways, one after the other, under one replica that is never started again. */
export const databaseAway: Scenario = {
  id: 'P14',
  promise: 'while the database is away a webhook is refused with 503 in time, and taken again soon after',
  async run(stage) {
    const postgres = await startOwnPostgres(stage, { connectionsMax: CONNECTIONS_MAX })
    const { replicas, sql } = await startCluster(stage, { replicas: 1, databaseUrl: postgres.url })
    const [replica] = replicas as [Replica] // as many as were asked for
    const sender = createSender(stage)
    const spells: Spell[] = []
    // The quick form leaves out those that take longest to bring about.
    const faults = databaseFaults(postgres).slice(0, stage.size(6, 2))
    for (const fault of faults) spells.push(await play(stage, fault, replica, sender))
    if (stage.isQuick) await ageWorkers(sql) // nobody waits until jobs that could not be ended are taken for a dead worker's
    await drain(stage, sql)
    const { lost, undecided } = await compareBooks(sql, sender.acknowledged())
    const { exitCode, signalCode } = replica.process
    return [
      ...judge(stage, spells),
      exactly('false_2xx', lost, 0),
      exactly('undecided', undecided, 0),
      exactly('ended', `${exitCode ?? signalCode ?? 'no'}`, 'no'),
    ]
  },
}

async function play(stage: Stage, fault: Outage, { url }: Replica, sender: Sender): Promise<Spell> {
  const before = sender.sent.length
  await fault.begin()
  const endsAt = performance.now() + stage.size(10_000, 300)
  await sender.stream(20, () => (performance.now() < endsAt ? { url, envelope: envelope() } : undefined))
  const answers = sender.sent.slice(before)
  await fault.end()
  const endedAt = performance.now()
  await until(`recovery from ${fault.name}`, async () => (await sender.send(url, envelope())).status === 202)
  const recoveredMs = performance.now() - endedAt
  await sleep(stage.size(1_000, 0)) // what this one has broken is not to be taken for the next one's doing
  return { name: fault.name, answers, recoveredMs }
}

function judge(stage: Stage, spells: readonly Spell[]): Figure[] {
  const answers = spells.flatMap((spell) => spell.answers)
  const durations = answers.map(({ durationMs }) => durationMs)
  const refused = spells.map(({ name, answers }) => `${name}:${answers.filter(({ status }) => status === 503).length}`)
  const others = answers.filter(({ status }) => status !== 202 && status !== 503)
  return [
    exactly('faults', spells.length, stage.size(6, 2)),
    told('refused', refused.join(',')),
    exactly('other_answers', others.length, 0),
    atMost('p99_ms', percentile(durations, 0.99), stage.size(2_000, 8_000)),
    atMost('recovered_ms', Math.max(...spells.map(({ recoveredMs }) => recoveredMs)), stage.size(5_000, 20_000)),
  ]
}
