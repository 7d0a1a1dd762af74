import type { Call } from '../../src/sandbox/simulator/calls.ts'
import type { Simulator } from '../../src/sandbox/simulator/simulator.ts'
import type { Statement } from '../support/postgres.ts'
import { until } from '../support/service.ts'
import { envelope } from '../support/webhooks.ts'
import { countOpen, drain } from './books.ts'
import { ageWorkers, openChat, startCluster } from './cluster.ts'
import type { Stage } from './scenario.ts'
import { createSender } from './sender.ts'

export interface Crash {
  readonly hasDied: boolean
  /** Events that did not come to their end. */
  readonly lost: number
  /** Chats that ended elsewhere than they should, or got a call that they should not. */
  readonly wrongEffect: number
}

/** Everything that the service does to events, and how each must end. */
interface Case {
  readonly envelope: { readonly id: string }
  /** The event's status and its decision's outcome. */
  readonly ending: string
  readonly chat?: { readonly id: number; readonly departmentId: number; readonly putsMax: number }
}

/** Enough to be looked at together. */
const WAITING = 5
const VIPS_TO_10 = { conditions: { fact: 'tags', operator: 'contains', value: 'vip' } } as const

/** One replica with every kind of work to do, which dies at a point of it, and a peer that finishes. */
export async function crashAt(stage: Stage, failpoint: string): Promise<Crash> {
  const cluster = await startCluster(stage, { replicas: 0, rules: [VIPS_TO_10] })
  const { simulator, sql } = cluster
  const cases = writeCases(simulator)
  const sender = createSender(stage)
  const doomed = await cluster.start({ FAILPOINT: `${failpoint}:1` })
  await Promise.all(cases.map((each) => sender.send(doomed.url, each.envelope)))
  const isDead = () => doomed.process.signalCode === 'SIGKILL'
  await until('the replica dies, or has done all that', async () => isDead() || (await countOpen(sql)) === 0)
  if (!isDead()) {
    const waiting = Array.from({ length: WAITING }, () => writeWaiting(simulator))
    cases.push(...waiting)
    await makeWait(sql, isDead, () => Promise.all(waiting.map((each) => sender.send(doomed.url, each.envelope))))
  }
  const hasDied = await until('the replica dies', isDead).then(
    () => true,
    () => false,
  )
  await doomed.kill()
  if (stage.isQuick) await ageWorkers(sql)
  const peer = await cluster.start()
  const acknowledged = sender.acknowledged()
  const again = cases.filter((each) => !acknowledged.includes(each.envelope.id))
  await Promise.all(again.map((each) => sender.send(peer.url, each.envelope)))
  await drain(stage, sql)
  const lost = await countLost(sql, cases)
  await peer.kill()
  const wrongEffect = cases.filter(({ chat }) => chat && !isRight(simulator, chat)).length
  return { hasDied, lost, wrongEffect }
}

function writeCases(simulator: Simulator): Case[] {
  for (const id of [9012, 9013]) simulator.addCustomer({ id, name: 'Olena', tags: ['vip'] })
  const toTen = (chatId: number, putsMax: number) => ({ id: chatId, departmentId: 10, putsMax })

  const plain = openChat(simulator)
  const lookUpFails = openChat(simulator, {}, 9012)
  simulator.script({ method: 'GET', path: '/v1/customers/9012' }, [{ kind: 'status', status: 500 }])
  const moveFails = openChat(simulator)
  simulator.script({ method: 'PUT', chatId: moveFails.chatId }, [{ kind: 'status', status: 500 }])
  // Late, so that it is looked at before it is moved; by then an agent has chosen.
  const late = openChat(simulator, { createdAt: Math.floor(Date.now() / 1_000) - 60 })
  simulator.agentMovesChat(late.chatId, 40)
  const { id: unnamed } = simulator.openChat({ customerId: 9011 })
  const unnamedEvent = envelope({ eventData: { chat_id: unnamed, status: 'new', department: null, assignee: null } })
  const unheard = openChat(simulator, { event: 'chat.rated' })
  const customer = envelope({ event: 'customer.tags_changed', eventData: { id: 9013 } })
  // A crash between the call and its record may repeat the call.
  return [
    { ...plain, ending: 'done applied', chat: toTen(plain.chatId, 2) },
    { ...lookUpFails, ending: 'done applied', chat: toTen(lookUpFails.chatId, 2) },
    { ...moveFails, ending: 'done applied', chat: toTen(moveFails.chatId, 3) },
    { ...late, ending: 'done skipped', chat: { id: late.chatId, departmentId: 40, putsMax: 0 } },
    { envelope: unnamedEvent, ending: 'done applied', chat: toTen(unnamed, 2) },
    { ...unheard, ending: 'ignored' },
    { envelope: customer, ending: 'done' },
  ]
}

function writeWaiting(simulator: Simulator): Case {
  const { envelope, chatId } = openChat(simulator)
  return { envelope, ending: 'done applied', chat: { id: chatId, departmentId: 10, putsMax: 2 } }
}

/** The budget is used up when they come, and free again when their state is no longer fresh: they are looked at together. */
async function makeWait(sql: Statement, isDead: () => boolean, send: () => Promise<unknown>): Promise<void> {
  await sql('UPDATE budget_slots SET used_at = now()')
  await send()
  await until('they wait for their moves, or the replica dies', async () => {
    const pending = await sql("SELECT FROM decisions WHERE outcome = 'pending'")
    const underWay = await sql('SELECT FROM graphile_worker.jobs WHERE locked_at IS NOT NULL')
    return isDead() || (pending.length === WAITING && underWay.length === 0)
  })
  await sql("UPDATE chats SET state_seen_at = state_seen_at - interval '61 s'")
  await sql('UPDATE budget_slots SET used_at = DEFAULT')
}

async function countLost(sql: Statement, cases: readonly Case[]): Promise<number> {
  const rows = await sql<{ id: string; ending: string }>(
    `SELECT e.id, concat_ws(' ', e.status, d.outcome) AS ending
    FROM webhook_events e LEFT JOIN decisions d ON d.event_seq = e.seq`,
  )
  return cases.filter(({ envelope: { id }, ending }) => !rows.some((row) => row.id === id && row.ending === ending))
    .length
}

function isRight(simulator: Simulator, { id, departmentId, putsMax }: NonNullable<Case['chat']>): boolean {
  const puts = simulator.calls.departmentPuts(id)
  return (
    simulator.chat(id).departmentId === departmentId &&
    puts.length <= putsMax &&
    puts.every((put) => departmentOf(put) === departmentId && !put.overlapped)
  )
}

/** The department that a PUT has asked for. */
export function departmentOf({ body }: Call): unknown {
  return typeof body === 'object' && body !== null ? Reflect.get(body, 'department') : undefined
}
