import { isDeepStrictEqual } from 'node:util'
import type { Fault } from '../../../src/sandbox/simulator/faults.ts'
import { REPLIES, type ReplyClass, withoutLook } from '../../support/reply-classes.ts'
import { until } from '../../support/service.ts'
import { drain } from '../books.ts'
import { openChat, type Peers, startPeers } from '../cluster.ts'
import { deliver } from '../deliver.ts'
import { exactly, type Scenario, type Stage, told } from '../scenario.ts'
import { createSender } from '../sender.ts'

const CONCURRENCY = 3
/** Replies that concern the whole account: everybody stops, and no chat uses up a try. */
const STOPPING: readonly { readonly name: string; readonly fault: Fault }[] = [
  { name: '401', fault: { kind: 'status', status: 401 } },
  { name: '429', fault: { kind: 'status', status: 429 } },
  { name: '403', fault: { kind: 'status', status: 403 } },
  { name: '429_retry_after', fault: { kind: 'status', status: 429, headers: { 'retry-after': '30' } } },
]

/**
 * Each kind of reply, given to a PUT of its own. The quick form takes some by chance, and one that stops everybody; that all
 * have their right answer is in replies.test.ts too.
 */
export const rightAnswer: Scenario = {
  id: 'P10',
  promise: 'each kind of reply has its right answer: final, tried again, or a pause for everybody',
  async run(stage) {
    const settings = { HELPCRUNCH_TIMEOUT_MS: String(stage.size(1_000, 500)), WORKER_CONCURRENCY: String(CONCURRENCY) }
    const cluster = await startPeers(stage, { replicas: 1, settings })
    const shuffled = REPLIES.map((reply) => ({ reply, place: stage.random() })).toSorted((a, b) => a.place - b.place)
    const replies = shuffled.slice(0, stage.size(REPLIES.length, 8)).map(({ reply }) => reply)
    const wrong = await giveEach(stage, cluster, replies)
    const first = stage.size(0, Math.floor(stage.random() * STOPPING.length))
    const stopping = STOPPING.slice(first, first + stage.size(STOPPING.length, 1))
    for (const { name, fault } of stopping) if (!(await stopsEverybody(stage, cluster, fault))) wrong.push(name)
    const kinds = replies.length + stopping.length
    return [
      exactly('kinds', `${kinds - wrong.length}/${kinds}`, `${kinds}/${kinds}`),
      exactly('redirects_followed', cluster.simulator.calls.count({ path: '/v1/agents' }), 0),
      ...(wrong.length > 0 ? [told('wrong', wrong.join(','))] : []),
    ]
  },
}

/** Gives the names of those that were not met as they should be. */
async function giveEach(stage: Stage, cluster: Peers, replies: readonly ReplyClass[]): Promise<string[]> {
  const { simulator, sql } = cluster
  const sender = createSender(stage)
  const chats = new Map<number, ReplyClass>()
  for (const reply of replies) {
    const { chatId, envelope } = openChat(simulator)
    simulator.script({ method: 'PUT', path: '/v1/chats/department', chatId }, [reply.fault])
    chats.set(chatId, reply)
    await deliver(sender, cluster.url, envelope)
  }
  await drain(stage, sql)
  const rows = await sql<{ chat_id: string; outcome: string; attempts: [string, number | null][] }>(
    `SELECT d.chat_id, d.outcome, json_agg(json_build_array(a.method, a.status) ORDER BY a.number) AS attempts
    FROM decisions d JOIN attempts a ON a.event_seq = d.event_seq GROUP BY d.id`,
  )
  const right = rows.filter(({ chat_id, outcome, attempts }) => {
    const reply = chats.get(Number(chat_id))
    return outcome === reply?.outcome && isDeepStrictEqual(withoutLook(attempts), reply.attempts)
  })
  const names = new Set(right.map(({ chat_id }) => chats.get(Number(chat_id))?.name))
  return replies.map(({ name }) => name).filter((name) => !names.has(name))
}

/** Whether one such reply stops all calls, costs no chat a try, and all of them go on when it is over. */
async function stopsEverybody(stage: Stage, { simulator, sql, url }: Peers, fault: Fault): Promise<boolean> {
  simulator.calls.forget()
  const script = simulator.script({}, [fault], { forever: true })
  const sender = createSender(stage)
  const chats = Array.from({ length: 10 }, () => openChat(simulator))
  for (const { envelope } of chats) await deliver(sender, url, envelope)
  await until(
    'the pause',
    async () => (await sql('SELECT FROM helpcrunch_account WHERE paused_until > now()')).length === 1,
  )
  await until(
    'all wait',
    async () => (await sql("SELECT FROM decisions WHERE outcome = 'pending'")).length === chats.length,
  )
  const calls = simulator.calls.all.length
  const [tried] = await sql<{ count: number }>('SELECT count(*)::int AS count FROM chats WHERE tries > 0')
  script.clear()
  await sql('UPDATE helpcrunch_account SET paused_until = now()') // time is shifted, not waited for
  await drain(stage, sql)
  const arrived = chats.every(({ chatId }) => simulator.chat(chatId).departmentId === 10)
  return calls <= CONCURRENCY && tried?.count === 0 && arrived
}
