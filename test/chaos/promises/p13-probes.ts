import { type Cluster, openChat, startCluster } from '../cluster.ts'
import { exhausted, frozen, type Outage, readOnly, stopped } from '../database-faults.ts'
import { helpcrunchFaults } from '../helpcrunch-faults.ts'
import { startOwnPostgres } from '../own-postgres.ts'
import { type Probes, probe } from '../probes.ts'
import { exactly, type Figure, type Scenario, type Stage, told } from '../scenario.ts'
import { createSender } from '../sender.ts'

/** A fault, and what /readyz is to say while it lasts; /healthz says 200 in all of them. */
interface Row {
  readonly outage: Outage
  readonly ready: 200 | 503
}

/** Faults by probes: the database's, HelpCrunch's, and the process's own end. */
export const meaningfulProbes: Scenario = {
  id: 'P13',
  promise: 'probes tell of this process alone and of its database, never of HelpCrunch',
  async run(stage) {
    const postgres = await startOwnPostgres(stage, { connectionsMax: 40 })
    const settings = { HELPCRUNCH_TIMEOUT_MS: '1000' }
    const cluster = await startCluster(stage, { replicas: 1, databaseUrl: postgres.url, settings })
    const database = [frozen, readOnly, stopped, exhausted].slice(0, stage.size(4, 2))
    const rows: Row[] = [
      ...database.map((make) => ({ outage: make(postgres), ready: 503 }) as const),
      ...helpcrunchFaults(cluster.simulator).map((outage) => ({ outage, ready: 200 }) as const),
    ]
    const cells = [await cell(stage, cluster, 'none', { alive: 200, ready: 200 })]
    const sender = createSender(stage)
    for (const { outage, ready } of rows) {
      await outage.begin()
      // Work under way that feels it; nobody waits for the answer.
      const sending = sender.send(cluster.url(), openChat(cluster.simulator).envelope)
      cells.push(await cell(stage, cluster, outage.name, { alive: 200, ready }))
      await outage.end()
      cells.push(await cell(stage, cluster, `after_${outage.name}`, { alive: 200, ready: 200 }))
      await sending
    }
    cluster.replicas[0]?.process.kill('SIGTERM')
    cells.push(await cell(stage, cluster, 'draining', { alive: 200, ready: 503 }))
    return judge(cells)
  },
}

interface Cell {
  readonly name: string
  readonly seen: Probes
  readonly isRight: boolean
}

/** Asks until both are as they should be, or for too long: a fault needs a moment to be felt. */
async function cell(stage: Stage, { replicas }: Cluster, name: string, wanted: Probes): Promise<Cell> {
  const url = replicas[0]?.url ?? ''
  const endsAt = performance.now() + stage.size(10_000, 20_000)
  for (;;) {
    const seen = await probe(url, stage.size(2_500, 6_000))
    // /healthz may not fail once, whatever else is still to come.
    const isRight = seen.alive === wanted.alive && seen.ready === wanted.ready
    if (isRight || seen.alive !== wanted.alive || performance.now() > endsAt) return { name, seen, isRight }
  }
}

function judge(cells: readonly Cell[]): Figure[] {
  const right = cells.filter(({ isRight }) => isRight).length
  const wrong = cells.filter(({ isRight }) => !isRight)
  const names = wrong.map(({ name, seen }) => `${name}:${seen.alive}/${seen.ready}`)
  return [
    exactly('matrix', `${2 * right}/${2 * cells.length}`, `${2 * cells.length}/${2 * cells.length}`),
    ...(names.length > 0 ? [told('wrong', names.join(','))] : []),
  ]
}
