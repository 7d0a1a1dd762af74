import { test } from 'tap'
import { openDatabase } from '../../src/adapters/prisma/database.ts'
import { createEventInbox } from '../../src/adapters/prisma/event-inbox.ts'
import { bringBackLostJobs } from '../../src/adapters/prisma/lost-jobs.ts'
import { createSharing } from '../../src/adapters/prisma/share-statement.ts'
import { createWaitingMoves } from '../../src/adapters/prisma/waiting-moves.ts'
import { createWorkerRegistry } from '../../src/adapters/prisma/worker-registry.ts'
import { startQueue } from '../../src/adapters/queue.ts'
import type { QueueTasks } from '../../src/adapters/queue-tasks.ts'
import { markPassing } from '../../src/domain/passing-trouble.ts'
import type { NewEvent } from '../../src/services/receive-event.ts'
import { createDatabase, openConnection } from '../support/postgres.ts'
import type { Scope } from '../support/scope.ts'
import { until } from '../support/service.ts'

const CHATS = Array.from({ length: 12 }, (_, index) => index + 1)
const DONE = { kind: 'done' } as const
const JOBS = `SELECT t.identifier AS task, j.payload, j.key FROM graphile_worker._private_jobs j
  JOIN graphile_worker._private_tasks t ON t.id = j.task_id WHERE t.identifier <> 'age_out' ORDER BY j.id`

async function layGround(t: Scope) {
  const url = await createDatabase(t)
  const sql = await openConnection(t, url)
  const database = openDatabase({ url, connections: 2, onLostConnection: () => {} })
  t.teardown(() => database.close())
  const registry = createWorkerRegistry(database, 'this worker', { info() {}, warn() {}, error() {} })
  t.teardown(() => registry.leave())
  const inbox = createEventInbox(database.query, createSharing())
  return {
    ...{ sql, database, registry },
    /** Stores the webhooks of these chats in the same moment, and so in one statement; a customer's has no chat. */
    store: (chatIds: readonly (number | undefined)[]) =>
      Promise.all(chatIds.map((chatId, index) => inbox.insertOnce(event(index, chatId)))),
    /** Works off the queue, two chats at the same time. */
    async work(tasks: Partial<QueueTasks>) {
      const learnCustomer = async () => {}
      const [decideEvents, ageOut] = [async () => DONE, async () => {}]
      const log = { debug() {}, info() {}, warn() {}, error() {} }
      const all = { decideEvents, applyDecision: decideEvents, learnCustomer, ageOut, ...tasks }
      const queue = await startQueue({ pool: database.queuePool, registry, tasks: all, concurrency: 2, log })
      t.teardown(() => queue.stop())
      return queue
    },
  }
}

function event(index: number, chatId: number | undefined): NewEvent {
  const what = { type: 'chat.new', status: 'waiting', problem: undefined, happenedAt: undefined } as const
  return { ...what, id: `event ${index} of ${chatId}`, chatId, customerId: 9011, body: Buffer.from('{}') }
}

test('webhooks that are stored together leave a job for each ten chats, one for each customer, and a single one its own', async (t) => {
  const { sql, store } = await layGround(t)
  await store([...CHATS, 3, undefined])
  await store([99])
  t.match(await sql(JOBS), [
    { task: 'decide_batch', payload: CHATS.slice(0, 10).map((chatId) => ({ chatId })), key: null },
    { task: 'decide_batch', payload: [{ chatId: 11 }, { chatId: 12 }], key: null },
    { task: 'learn_customer', key: /^event:/ },
    { task: 'decide_events', payload: { chatId: 99 }, key: /^event:/ },
  ])
})

test('the jobs under way work on as many chats as was set, however many those are about', async (t) => {
  const { store, work } = await layGround(t)
  await store(CHATS)
  const underWay = new Set<number>()
  const seen: number[] = []
  await work({
    async decideEvents(chatId) {
      underWay.add(chatId)
      seen.push(underWay.size)
      await new Promise(setImmediate)
      underWay.delete(chatId)
      return DONE
    },
  })
  await until('all are decided', () => seen.length === CHATS.length)
  t.equal(Math.max(...seen), 2)
})

test('what fails in a batch is done again, and nothing else of it', async (t) => {
  const { sql, store, work } = await layGround(t)
  await store(CHATS)
  const decided: number[] = []
  await work({
    async decideEvents(chatId) {
      decided.push(chatId)
      if (chatId === 4 && decided.filter((other) => other === 4).length === 1) throw new Error('The database is away.')
      return DONE
    },
  })
  await until('only the failed one is left', async () => {
    const [job, ...more] = await sql(JOBS)
    return more.length === 0 && JSON.stringify(job?.payload) === '[{"chatId":4}]'
  })
  await sql("UPDATE graphile_worker._private_jobs SET run_at = now() WHERE payload::text LIKE '%chatId%'")
  await until('nothing is left', async () => (await sql(JOBS)).length === 0)
  t.strictSame(
    decided.toSorted((a, b) => a - b),
    [1, 2, 3, 4, 4, 5, 6, 7, 8, 9, 10, 11, 12],
  )
})

test('what met trouble that passes comes again within ten seconds, however often it has failed before', async (t) => {
  const { sql, store, work } = await layGround(t)
  await store(CHATS)
  await store([99])
  await store([undefined])
  await sql('UPDATE graphile_worker._private_jobs SET attempts = 9')
  const met = new Set<unknown>()
  const meet = (name: unknown) => {
    if (met.has(name)) return
    met.add(name)
    throw markPassing(new Error('The database is away.'))
  }
  await work({
    async decideEvents(chatId) {
      if (chatId === 4 || chatId === 99) meet(chatId)
      return DONE
    },
    async learnCustomer(seq) {
      meet(seq)
    },
  })
  await until('the others are done', async () => met.size === 3 && (await sql(JOBS)).length === 3)
  const soon = await sql<{ is_soon: boolean }>(
    "SELECT run_at BETWEEN now() AND now() + interval '10 s' AS is_soon FROM graphile_worker._private_jobs WHERE key <> 'age_out' OR key IS NULL",
  )
  t.strictSame(soon, new Array(3).fill({ is_soon: true }))
  const jobs = await sql<{ payload: unknown }>(JOBS)
  t.match(
    jobs.toSorted((a, b) => JSON.stringify(a.payload).localeCompare(JSON.stringify(b.payload))),
    [
      { task: 'decide_events', payload: { chatId: 4 }, key: null },
      { task: 'decide_events', payload: { chatId: 99 }, key: /^event:/ },
      { task: 'learn_customer', key: /^event:/ },
    ],
  )
  await sql("UPDATE graphile_worker._private_jobs SET run_at = now() WHERE key <> 'age_out' OR key IS NULL")
  await until('nothing is left', async () => (await sql(JOBS)).length === 0)
})

test('a chat of a batch that somebody else holds comes again by itself', async (t) => {
  const { sql, store, work } = await layGround(t)
  await store(CHATS)
  const decided: number[] = []
  await work({
    async decideEvents(chatId) {
      decided.push(chatId)
      return chatId === 4 && decided.filter((other) => other === 4).length < 3 ? { kind: 'busy' } : DONE
    },
  })
  await until('nothing is left', async () => (await sql(JOBS)).length === 0)
  t.equal(decided.length, CHATS.length + 2)
})

test('the chats of a batch that have not had their turn when the queue stops are left to others', async (t) => {
  const { sql, store, work } = await layGround(t)
  await store(CHATS.slice(0, 5))
  const begun: number[] = []
  const end = Promise.withResolvers<void>()
  const queue = await work({
    async decideEvents(chatId) {
      begun.push(chatId)
      await end.promise
      return DONE
    },
  })
  await until('two are under way', () => begun.length === 2)
  const stopped = queue.stop()
  end.resolve()
  await stopped
  t.strictSame(begun, [1, 2])
  const left = await sql<{ payload: { chatId: number } }>(JOBS)
  t.strictSame(left.map(({ payload }) => payload.chatId).toSorted(), [3, 4, 5])
})

test('what a worker died of is not done again together with the rest of its batch', async (t) => {
  const { sql, store, registry } = await layGround(t)
  await store(CHATS)
  await sql('UPDATE webhook_events SET starts = 1 WHERE chat_id IN (4, 5)')
  await sql("UPDATE graphile_worker._private_jobs SET locked_by = 'dead', locked_at = now() - interval '1 min'")
  await registry.beat({ queueIds: [], jobIds: new Set() })
  const jobs = await sql<{ chat: number; queue: string | null }>(`
    SELECT (j.payload ->> 'chatId')::int AS chat, q.queue_name AS queue FROM graphile_worker._private_jobs j
    LEFT JOIN graphile_worker._private_job_queues q ON q.id = j.job_queue_id WHERE j.payload ->> 'chatId' IS NOT NULL AND j.locked_by IS NULL ORDER BY chat`)
  t.strictSame(
    jobs,
    CHATS.map((chat) => ({ chat, queue: chat === 4 || chat === 5 ? 'suspects' : null })),
  )
})

test('what a worker had when the clock of Postgres was set back, and it died, waits no longer for that', async (t) => {
  const { sql, store, registry } = await layGround(t)
  await store(CHATS)
  await sql(`UPDATE graphile_worker._private_jobs SET locked_by = 'dead',
    locked_at = now() + interval '3 days', run_at = now() + interval '3 days', updated_at = now() + interval '3 days'`)
  await registry.beat({ queueIds: [], jobIds: new Set() })
  const due = "SELECT FROM graphile_worker._private_jobs WHERE payload ->> 'chatId' IS NOT NULL AND locked_at IS NULL"
  t.equal((await sql(`${due} AND run_at <= now()`)).length, CHATS.length)
})

test('an event whose chat is in a batch is not without a job', async (t) => {
  const { sql, store, database } = await layGround(t)
  await store(CHATS)
  await sql("UPDATE webhook_events SET received_at = received_at - interval '1 min'")
  const jobs = await sql(JOBS)
  await bringBackLostJobs(database.prisma)
  t.strictSame(await sql(JOBS), jobs)
  await sql('DELETE FROM graphile_worker._private_jobs WHERE payload::text LIKE \'%"chatId" : 12%\'')
  await bringBackLostJobs(database.prisma)
  t.match(await sql(JOBS), [jobs[0], { payload: { chatId: 11 } }, { payload: { chatId: 12 } }])
})

test('the chats of a batch are looked at together as others are, but for those that are done or of customers nobody knows', async (t) => {
  const { sql, store, database } = await layGround(t)
  await store(CHATS)
  await sql("UPDATE webhook_events SET status = 'done' WHERE chat_id IN (4, 5)")
  await sql('UPDATE webhook_events SET customer_id = NULL WHERE chat_id = 6')
  await sql('INSERT INTO chats (id, fence) VALUES (5, 1)')
  const waiting = async () => (await createWaitingMoves(database.query).next(100)).map(({ chatId }) => chatId)
  t.strictSame(
    (await waiting()).toSorted((a, b) => a - b),
    CHATS.filter((chat) => chat < 4 || chat > 6),
  )
  t.equal((await createWaitingMoves(database.query).next(3)).length, 3)
  await sql('UPDATE graphile_worker._private_jobs SET priority = priority - 1 WHERE json_array_length(payload) = 2')
  const [next] = await createWaitingMoves(database.query).next(1)
  t.ok(next && next.chatId >= 11, 'those whose turn comes first')
})
