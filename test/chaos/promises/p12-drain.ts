import { once } from 'node:events'
import type { Replica } from '../../support/processes.ts'
import { until } from '../../support/service.ts'
import { startBalancer } from '../balancer.ts'
import { compareBooks, drain } from '../books.ts'
import { openChat, startCluster } from '../cluster.ts'
import { atMost, exactly, type Scenario, told } from '../scenario.ts'
import { createSender, percentile } from '../sender.ts'

/** Rolling restarts behind a load balancer that asks /readyz, under a steady stream of webhooks. */
export const drainsOnSigterm: Scenario = {
  id: 'P12',
  promise: 'a restart on SIGTERM fails no request, and ends in time',
  async run(stage) {
    const rounds = stage.size(10, 1)
    const cluster = await startCluster(stage, { replicas: stage.size(3, 2) })
    const { replicas, simulator, sql } = cluster
    const balancer = startBalancer(stage, replicas)
    const sender = createSender(stage)
    let isRolling = true
    const next = () => (isRolling ? { url: balancer.url(), ...openChat(simulator) } : undefined)
    const sending = sender.stream(stage.size(50, 20), next)
    const exits: Exit[] = []
    for (let round = 0; round < rounds; round++) {
      for (const [index, replica] of replicas.slice(0, stage.size(3, 1)).entries()) {
        exits.push(await terminate(replica))
        const started = await cluster.start()
        replicas[index] = started
        await until('the new replica gets work', () => balancer.isReady(started))
      }
    }
    isRolling = false
    await sending
    await drain(stage, sql)
    const books = await compareBooks(sql, sender.acknowledged())
    const failed = sender.sent.filter(({ status }) => status !== 202)
    return [
      told('restarts', exits.length),
      told('requests', sender.sent.length),
      exactly('failed_requests', failed.length, 0),
      atMost(
        'exit_p99_ms',
        percentile(
          exits.map(({ afterMs }) => afterMs),
          0.99,
        ),
        stage.size(10_000, 30_000),
      ),
      exactly('bad_exits', exits.filter(({ code }) => code !== 0).length, 0),
      exactly('undecided', books.undecided, 0),
    ]
  },
}

interface Exit {
  readonly code: number | null
  readonly afterMs: number
}

async function terminate({ process }: Replica): Promise<Exit> {
  const startedAt = performance.now()
  const exited = once(process, 'exit') as Promise<[number | null]>
  process.kill('SIGTERM')
  const [code] = await exited
  return { code, afterMs: performance.now() - startedAt }
}
