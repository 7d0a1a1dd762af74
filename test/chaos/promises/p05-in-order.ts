import { setTimeout as sleep } from 'node:timers/promises'
import { drain } from '../books.ts'
import { type Cluster, startCluster } from '../cluster.ts'
import { departmentOf } from '../crash-at.ts'
import { deliver } from '../deliver.ts'
import { addOrderedDepartments, ORDER_RULES, ORDERED, orderTo } from '../orders.ts'
import { exactly, type Scenario, type Stage, told } from '../scenario.ts'
import { createSender } from '../sender.ts'

/** Shorter than a worker's silence: a replica that only stumbles keeps what it holds. */
const FREEZE_MS_MAX = 1_500
const PAUSE_MS_MAX = 500
/** So that the brake on fights between routers, three moves in ten minutes, is not what this is about. */
const MOVES_ARE_OLD = `
  CREATE FUNCTION age_move() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN NEW.applied_at := NEW.applied_at - interval ''11 min''; RETURN NEW; END';
  CREATE TRIGGER age_move BEFORE UPDATE OF applied_at ON decisions FOR EACH ROW EXECUTE FUNCTION age_move()`

/** Each event of a chat asks for another department, so that the calls tell the order in which they were made. */
export const inOrder: Scenario = {
  id: 'P5',
  promise: 'work on one chat never overlaps and follows the order of its events, whatever replicas it is done by',
  async run(stage) {
    const events = ORDERED.slice(0, stage.size(10, 4))
    const simulator = { latency: { minMs: 0, maxMs: 30 } }
    const cluster = await startCluster(stage, { replicas: stage.size(3, 2), rules: ORDER_RULES, simulator })
    addOrderedDepartments(cluster.simulator)
    await cluster.sql(MOVES_ARE_OLD)
    const chats = Array.from({ length: stage.size(200, 12) }, () => cluster.simulator.openChat({ customerId: 9011 }).id)
    const disturbing = disturb(stage, cluster)
    const sender = createSender(stage)
    await Promise.all(
      chats.map(async (chatId) => {
        for (const department of events) {
          await deliver(sender, cluster.url, orderTo(department, chatId))
          if (stage.random() < 0.5) await sleep(stage.random() * PAUSE_MS_MAX)
          // Else the queue would be so full of events that each chat were moved but once, at the end.
          else
            await cluster.simulator.waitFor(
              'the move',
              () => cluster.simulator.chat(chatId).departmentId === department,
            )
        }
      }),
    )
    await drain(stage, cluster.sql)
    await disturbing.end()
    const { calls } = cluster.simulator
    const disorders = chats.filter((chatId) => {
      const asked = calls.departmentPuts(chatId).map((put) => Number(departmentOf(put)))
      const isInOrder = asked.every((department, index) => index === 0 || department >= (asked[index - 1] ?? 0))
      return !isInOrder || cluster.simulator.chat(chatId).departmentId !== events.at(-1)
    })
    return [
      told('puts', calls.departmentPuts().length),
      exactly('overlap', calls.all.filter(({ overlapped }) => overlapped).length, 0),
      exactly('disorder', disorders.length + (await countInversions(cluster)), 0),
    ]
  },
}

/** Freezes replicas for moments. */
function disturb({ random, size }: Stage, { replicas }: Cluster): { end(): Promise<void> } {
  let isOver = false
  const running = (async () => {
    while (!isOver) {
      const { process } = replicas[Math.floor(random() * replicas.length)] ?? {}
      process?.kill('SIGSTOP')
      await sleep(random() * size(FREEZE_MS_MAX, 300))
      process?.kill('SIGCONT')
      await sleep(random() * size(1_000, 200))
    }
  })()
  return {
    end() {
      isOver = true
      return running
    },
  }
}

/** Decisions that were made before one of an older event of their chat. */
async function countInversions({ sql }: Cluster): Promise<number> {
  const [row] = await sql<{ count: number }>(
    `SELECT count(*)::int AS count FROM (
      SELECT event_seq, lag(event_seq) OVER (PARTITION BY chat_id ORDER BY id) AS before FROM decisions
    ) AS d WHERE event_seq < before`,
  )
  return row?.count ?? Number.NaN
}
