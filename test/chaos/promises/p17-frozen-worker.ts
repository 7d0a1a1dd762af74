import { once } from 'node:events'
import type { Statement } from '../../support/postgres.ts'
import type { Replica } from '../../support/processes.ts'
import { until } from '../../support/service.ts'
import { drain } from '../books.ts'
import { ageWorkers, type Cluster, openChat, startCluster } from '../cluster.ts'
import { deliver } from '../deliver.ts'
import { exactly, type Scenario, type Stage, told } from '../scenario.ts'
import { createSender } from '../sender.ts'

/** Before its decision, before its move, and in the middle of its move: what a worker can be frozen in. */
const STEPS = ['/v1/customers/{id}', '/v1/chats/{id}', '/v1/chats/department']
const VIPS_TO_10 = { conditions: { fact: 'tags', operator: 'contains', value: 'vip' } } as const

/** A worker that slept past its lease believes that its chats are still its own; the database does not. */
export const frozenWorker: Scenario = {
  id: 'P17',
  promise: 'a worker that was frozen, and whose chats a peer has finished, changes nothing when it wakes up',
  async run(stage) {
    const rounds = stage.size(4, 1)
    const cluster = await startCluster(stage, {
      ...{ replicas: 1, rules: [VIPS_TO_10] },
      // As long as may be: the frozen one shall get its replies when it wakes, not a timeout.
      settings: { HELPCRUNCH_TIMEOUT_MS: '15000' },
    })
    let zombiePuts = 0
    const zombieWrites: string[] = []
    let fallen = 0
    for (let round = 0; round < rounds; round++) {
      const frozen = await freeze(stage, cluster, cluster.replicas[round])
      cluster.replicas.push(await cluster.start())
      if (stage.isQuick) await ageWorkers(cluster.sql) // nobody waits until the silence is noticed
      await drain(stage, cluster.sql)
      await until('the peer has let go of everything', () => isQuiet(cluster.sql))
      const before = await readRows(cluster.sql)
      const putsBefore = cluster.simulator.calls.departmentPuts().length
      frozen.release()
      await awake(frozen.replica)
      if (frozen.replica.log().includes('queue.fell')) fallen += 1
      zombiePuts += cluster.simulator.calls.departmentPuts().length - putsBefore
      const after = await readRows(cluster.sql)
      zombieWrites.push(...after.filter((row) => !before.includes(row)))
    }
    const chats = [...cluster.simulator.chats.values()]
    return [
      exactly('chats', chats.filter(({ departmentId }) => departmentId === 10).length, rounds * STEPS.length),
      exactly('zombie_puts', zombiePuts, 0),
      exactly('zombie_writes', zombieWrites.length, 0),
      exactly('queues_fallen', fallen, 0), // nobody is to be woken for a machine that was frozen
      ...zombieWrites.map((row) => told('wrote', row.slice(0, 200))),
    ]
  },
}

interface Frozen {
  readonly replica: Replica
  /** Lets HelpCrunch answer what the frozen one has asked. */
  release(): void
}

/** Gives a replica a chat for each step, and stops it when it waits for HelpCrunch in all of them. */
async function freeze(stage: Stage, { simulator }: Cluster, replica: Replica | undefined): Promise<Frozen> {
  if (replica === undefined) throw new Error('There is no replica to freeze.')
  const held = Promise.withResolvers<void>()
  const sender = createSender(stage)
  const counts = STEPS.map((path) => simulator.calls.count({ path }))
  for (const [index, path] of STEPS.entries()) {
    const customerId = simulator.addCustomer({ name: 'Olena', tags: ['vip'] }).id
    // Late, so that the chat is looked at before it is moved.
    const { envelope } = openChat(simulator, { createdAt: Math.floor(Date.now() / 1_000) - 60 }, customerId)
    simulator.script({ path }, [{ kind: 'hold', until: held.promise, when: 'after_change' }])
    await deliver(sender, () => replica.url, envelope)
    await simulator.waitFor(`a call of ${path}`, () => simulator.calls.count({ path }) > (counts[index] ?? 0))
  }
  replica.process.kill('SIGSTOP')
  stage.teardown(() => replica.process.kill('SIGCONT'))
  return { replica, release: () => held.resolve() }
}

/** Wakes the frozen one, and lets it finish what it was at, as a rolling restart does. */
async function awake({ process, log }: Replica): Promise<void> {
  const callsBefore = countCalls(log())
  const exited = once(process, 'exit')
  process.kill('SIGCONT')
  await until('the frozen worker goes on', () => countCalls(log()) >= callsBefore + STEPS.length)
  process.kill('SIGTERM')
  await exited
}

function countCalls(log: string): number {
  return log.split('helpcrunch.call').length - 1
}

async function isQuiet(sql: Statement): Promise<boolean> {
  const [row] = await sql<{ busy: boolean }>(
    `SELECT EXISTS (SELECT FROM chats WHERE claimed_by IS NOT NULL) OR EXISTS (
      SELECT FROM graphile_worker._private_jobs WHERE payload::text LIKE '%chatId%'
    ) AS busy`,
  )
  return row?.busy === false
}

/** All that is known of chats, events, decisions and jobs, a text for each row. */
async function readRows(sql: Statement): Promise<string[]> {
  const rows = await sql<{ row: string }>(
    ['chats', 'webhook_events', 'decisions', 'customers', 'graphile_worker._private_jobs']
      .map((table) => `SELECT '${table} ' || t::text AS row FROM ${table} AS t`)
      .join(' UNION ALL '),
  )
  return rows.map(({ row }) => row)
}
