import { setTimeout as sleep } from 'node:timers/promises'
import type { Replica } from '../../support/processes.ts'
import { compareBooks, countWithoutJob, drain } from '../books.ts'
import { ageWorkers, type Cluster, openChat, startCluster } from '../cluster.ts'
import { databaseFaults, type Outage } from '../database-faults.ts'
import { helpcrunchFaults } from '../helpcrunch-faults.ts'
import { readMemory } from '../memory.ts'
import { type OwnPostgres, startOwnPostgres } from '../own-postgres.ts'
import { atMost, exactly, type Figure, type Scenario, type Stage, told } from '../scenario.ts'
import { createSender } from '../sender.ts'

const PER_SECOND = 20
/** Below this many seconds, memory goes up and down by more than a slope could tell. */
const SLOPE_SECONDS_MIN = 300
/** While a process grows to its usual size. */
const WARM_UP_SHARE = 0.2

/** A steady stream for as long as told, with a fault by chance every few seconds. The first replica is never ended. */
export const soak: Scenario = {
  id: 'P28',
  promise: 'under a steady stream and one fault after the other nothing is lost, decided twice or leaked',
  async run(stage) {
    const postgres = await startOwnPostgres(stage, { connectionsMax: 100 })
    const settings = { HELPCRUNCH_TIMEOUT_MS: '2000' }
    const cluster = await startCluster(stage, { replicas: stage.size(3, 2), databaseUrl: postgres.url, settings })
    const sender = createSender(stage)
    const seconds = stage.size(stage.seconds, 3)
    const endsAt = performance.now() + seconds * 1_000
    const isOn = () => performance.now() < endsAt
    const memory = watchMemory(cluster, isOn)
    const next = () => (isOn() ? { url: cluster.url(), ...openChat(cluster.simulator) } : undefined)
    const sending = sender.stream(PER_SECOND, next)
    const faults = await breakThings(stage, cluster, postgres, isOn)
    await sending
    const samples = await memory
    if (stage.isQuick) await ageWorkers(cluster.sql) // as in P14
    const drainS = await drain(stage, cluster.sql)
    const books = await compareBooks(cluster.sql, sender.acknowledged())
    const withoutJob = await countWithoutJob(cluster.sql)
    const overlapped = cluster.simulator.calls.all.filter((call) => call.overlapped).length
    return [
      told('seconds', seconds),
      told('sent', sender.sent.length),
      told('acked', books.acked),
      told('faults', faults.length),
      exactly('violations', books.lost + books.undecided + books.multiple + withoutJob, 0),
      told('undecided', books.undecided),
      told('without_job', withoutJob),
      told('overlapped', overlapped),
      exactly('ended_by_itself', lastWordsOf(cluster.replicas), 'none'),
      judgeSlope(samples, seconds),
      told('drain_s', Math.round(drainS)),
    ]
  },
}

/** One fault after the other, a few seconds apart; gives their names. */
async function breakThings(
  stage: Stage,
  cluster: Cluster,
  postgres: OwnPostgres,
  isOn: () => boolean,
): Promise<string[]> {
  const faults = [
    ...databaseFaults(postgres).slice(0, stage.size(5, 3)), // a full disk takes too long to bring about
    ...helpcrunchFaults(cluster.simulator),
    ...replicaFaults(stage, cluster),
  ]
  const names: string[] = []
  while (isOn()) {
    await sleep(stage.size(2_000, 300) + stage.random() * stage.size(3_000, 300))
    const fault = faults[Math.floor(stage.random() * faults.length)]
    if (fault === undefined) continue
    await fault.begin()
    await sleep(stage.size(2_000, 200) + stage.random() * stage.size(1_000, 200))
    await fault.end()
    names.push(fault.name)
  }
  return names
}

/** Of any replica but the first. */
function replicaFaults(stage: Stage, cluster: Cluster): Outage[] {
  const choose = () => 1 + Math.floor(stage.random() * (cluster.replicas.length - 1))
  let stopped: Replica | undefined
  return [
    { name: 'replica_killed', begin: () => cluster.restart(choose()), end: async () => {} },
    {
      name: 'replica_frozen',
      async begin() {
        stopped = cluster.replicas[choose()]
        stopped?.process.kill('SIGSTOP')
      },
      async end() {
        stopped?.process.kill('SIGCONT')
      },
    },
  ]
}

/** What a replica has logged last that nobody has ended. */
function lastWordsOf(replicas: readonly Replica[]): string {
  const ended = replicas.find(hasEnded)
  return ended === undefined ? 'none' : JSON.stringify(ended.log().slice(-2_000))
}

function hasEnded(replica: Replica | undefined): boolean {
  // Those that were killed have been replaced.
  return replica !== undefined && (replica.process.exitCode ?? replica.process.signalCode) !== null
}

interface Sample {
  readonly minute: number
  readonly rssMb: number
}

async function watchMemory({ replicas }: Cluster, isOn: () => boolean): Promise<Sample[]> {
  const samples: Sample[] = []
  const startedAt = performance.now()
  while (isOn() && !hasEnded(replicas[0])) {
    const { rssMb } = readMemory(replicas[0]?.process.pid)
    samples.push({ minute: (performance.now() - startedAt) / 60_000, rssMb })
    await sleep(1_000)
  }
  return samples
}

/** The slope of the straight line that fits best, once the process has warmed up. */
function judgeSlope(samples: readonly Sample[], seconds: number): Figure {
  const warm = samples.slice(Math.floor(samples.length * WARM_UP_SHARE))
  const mean = (numbers: number[]) => numbers.reduce((sum, number) => sum + number, 0) / Math.max(1, numbers.length)
  const meanMinute = mean(warm.map(({ minute }) => minute))
  const meanMb = mean(warm.map(({ rssMb }) => rssMb))
  const above = mean(warm.map(({ minute, rssMb }) => (minute - meanMinute) * (rssMb - meanMb)))
  const below = mean(warm.map(({ minute }) => (minute - meanMinute) ** 2))
  const slope = above / Math.max(below, Number.EPSILON)
  if (seconds < SLOPE_SECONDS_MIN) return told('rss_slope_mb_per_min', Math.round(slope * 100) / 100)
  return atMost('rss_slope_mb_per_min', slope, 1)
}
