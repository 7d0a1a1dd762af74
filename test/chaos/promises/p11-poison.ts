import { setTimeout as sleep } from 'node:timers/promises'
import { rule } from '../../support/rules.ts'
import { ADMIN_TOKEN } from '../../support/service.ts'
import { envelope } from '../../support/webhooks.ts'
import { compareBooks, countOpen, drain, hurry } from '../books.ts'
import { ageWorkers, type Cluster, EVERY_NEW_CHAT, openChat, startCluster } from '../cluster.ts'
import { deliver } from '../deliver.ts'
import { atMost, exactly, type Scenario, type Stage, told } from '../scenario.ts'
import { createSender, percentile } from '../sender.ts'

const CRASHES_MAX = 3
/**
 * On average, and about as long as it takes to set one aside: one may come while the one before is still at it, but both
 * replicas die of them at once only by chance.
 */
const POISON_EVERY_MS = 15_000
const BYSTANDER_P99_MS_MAX = 3_000
const RULE_KINDS = ['aborts', 'exhausts']
const POISON_RULES = RULE_KINDS.map((kind) => ({
  ...rule({ key: `rule-${kind}`, department: 20, events: ['message.email.customer'] }),
  conditions: { fact: 'message', operator: 'includesText', value: `poisoned rule: ${kind}` } as const,
}))
const POISONS = [
  'payload: aborts',
  'payload: throws',
  'payload: exhausts',
  ...RULE_KINDS.map((kind) => `rule: ${kind}`),
  'payload: aborts', // once more, in an event of a customer
]
const CUSTOMER_POISON = POISONS.length - 1

/** Replicas that die of what they read are started again, as a supervisor does it, until they have set it aside. */
export const poison: Scenario = {
  id: 'P11',
  promise:
    'an event that kills whoever works on it is set aside after three times; all others go on, and it can be retried',
  async run(stage) {
    const rules = [EVERY_NEW_CHAT, ...POISON_RULES]
    const settings = { NODE_OPTIONS: `--max-old-space-size=256 --import=${import.meta.resolve('../poison.ts')}` }
    const cluster = await startCluster(stage, { replicas: stage.size(2, 1), rules, settings })
    const supervisor = supervise(cluster, stage.isQuick)
    const sender = createSender(stage)
    const send = (webhook: Webhook) => deliver(sender, cluster.url, webhook)
    const poisons = POISONS.slice(0, stage.size(POISONS.length, 2)).map(writePoison)
    let isPoisoned = true
    const bystanders: string[] = []
    const sendBystander = () => {
      const { envelope: bystander } = openChat(cluster.simulator)
      bystanders.push(bystander.id)
      return send(bystander)
    }
    const sending: Promise<unknown>[] = poisons.map(async (webhook, index) => {
      await sleep(stage.size(POISON_EVERY_MS, 0) * (index + stage.random()))
      // Stored together they may be in one batch.
      return Promise.all([sendBystander(), send(webhook), sendBystander()])
    })
    const streaming = (async () => {
      for (; isPoisoned; await sleep(stage.size(50, 100))) {
        sending.push(sendBystander())
      }
    })()
    while ((await countWaiting(cluster, poisons)) > 0) {
      await sleep(250)
      if (stage.isQuick) await hurry(cluster.sql)
    }
    isPoisoned = false
    await streaming
    await Promise.all(sending)
    await drain(stage, cluster.sql)
    supervisor.end()
    const books = await compareBooks(cluster.sql, bystanders)
    const setAside = await readSetAside(cluster, poisons)
    const tookMs = await readBystanders(cluster, bystanders)
    return [
      exactly('set_aside', setAside.length, poisons.length),
      atMost('crashes_each', Math.max(0, ...setAside.map(({ starts }) => starts - 1)), CRASHES_MAX),
      told('crashes', supervisor.crashes()),
      exactly('bystanders', books.acked - books.undecided, books.acked),
      stage.isQuick
        ? told('bystander_p99_ms', Math.round(percentile(tookMs, 0.99)))
        : atMost('bystander_p99_ms', percentile(tookMs, 0.99), BYSTANDER_P99_MS_MAX),
      exactly('replayed', await replay(stage, cluster, poisons), poisons.length),
    ]
  },
}

type Webhook = ReturnType<typeof envelope>

function writePoison(kind: string, index: number): Webhook {
  if (index === CUSTOMER_POISON) {
    return envelope({ event: 'customer.tags_changed', eventData: { id: 9011, name: `poisoned ${kind}` } })
  }
  const message = { id: index + 1, text: `poisoned ${kind}` }
  const eventData = { chat_id: 900 + index, agent: null, customer: { id: 9011 }, message }
  return envelope({ event: 'message.email.customer', eventData })
}

/** Puts a new replica in the place of each that dies. In the quick form there is but one, so that nobody needs to wait for its silence. */
function supervise({ replicas, restart, sql }: Cluster, isAlone: boolean) {
  let crashes = 0
  let isOver = false
  const replace = async (index: number) => {
    if (isOver) return
    crashes += 1
    if (isAlone) await ageWorkers(sql)
    await restart(index)
    watch(index)
  }
  const watch = (index: number) => void replicas[index]?.process.once('exit', () => void replace(index))
  for (const index of replicas.keys()) watch(index)
  return {
    crashes: () => crashes,
    end() {
      isOver = true
    },
  }
}

async function countWaiting({ sql }: Cluster, poisons: readonly Webhook[]): Promise<number> {
  const [row] = await sql<{ ended: number }>(
    `SELECT count(*)::int AS ended FROM webhook_events WHERE status <> 'waiting' AND id = ANY ($1)`,
    [poisons.map(({ id }) => id)],
  )
  return poisons.length - (row?.ended ?? 0)
}

async function readSetAside({ sql }: Cluster, poisons: readonly Webhook[]): Promise<{ starts: number }[]> {
  return await sql(`SELECT starts FROM webhook_events WHERE status = 'set_aside' AND id = ANY ($1)`, [
    poisons.map(({ id }) => id),
  ])
}

/** From its acknowledgement to its move, for each. */
async function readBystanders({ sql }: Cluster, ids: readonly string[]): Promise<number[]> {
  const rows = await sql<{ ms: number }>(
    `SELECT (extract(epoch FROM d.applied_at - d.received_at) * 1000)::float8 AS ms
    FROM decisions d JOIN webhook_events e ON e.seq = d.event_seq WHERE d.outcome = 'applied' AND e.id = ANY ($1)`,
    [ids],
  )
  return rows.map(({ ms }) => ms)
}

/** A replica without the bug, and each poison once more: gives how many have come to their end. */
async function replay(stage: Stage, cluster: Cluster, poisons: readonly Webhook[]): Promise<number> {
  await Promise.all(cluster.replicas.map(({ kill }) => kill()))
  const { url } = await cluster.start({ NODE_OPTIONS: '' })
  for (const { id } of poisons) {
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}` }
    await fetch(`${url}/v1/events/${encodeURIComponent(id)}/retry`, { method: 'POST', headers })
  }
  await drain(stage, cluster.sql)
  const [row] = await cluster.sql<{ done: number }>(
    `SELECT count(*)::int AS done FROM webhook_events e WHERE e.status = 'done' AND e.id = ANY ($1)`,
    [poisons.map(({ id }) => id)],
  )
  return (await countOpen(cluster.sql)) === 0 ? (row?.done ?? 0) : 0
}
