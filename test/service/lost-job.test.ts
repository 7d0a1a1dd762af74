import { test } from 'tap'
import { bringBackLostJobs, giveUpUnheardJobs, NOBODY } from '../../src/adapters/prisma/lost-jobs.ts'
import { startPostgresProxy } from '../support/postgres-proxy.ts'
import { insertEvents } from '../support/rows.ts'
import { startSecondApp } from '../support/second-app.ts'
import { startService, until } from '../support/service.ts'

test('a job that was taken for a dead one, and then postponed by its living worker, is not the last of its chat', async (t) => {
  // One job at a time: nobody takes the freed job anew before its worker has gone on.
  const settings = { WORKER_CONCURRENCY: '1', HELPCRUNCH_TIMEOUT_MS: '2000' }
  const { simulator, sql, drained } = await startService(t, { settings })
  simulator.script({ method: 'PUT' }, [{ kind: 'hang' }])
  const { id } = simulator.openChat({ customerId: 9011 })
  await simulator.waitFor('the move is under way', () => simulator.calls.departmentPuts(id).length === 1)
  // What a peer does when this process was silent for 8 s, as its connections to the database were.
  await sql(`SELECT graphile_worker.force_unlock_workers(array_agg(locked_by))
    FROM graphile_worker._private_jobs WHERE locked_by IS NOT NULL`)
  // The timed-out call puts the job off, which graphile-worker does in the same row; then it deletes the row, as the job has ended.
  await drained()
  t.equal(simulator.chat(id).departmentId, 10)
})

test('a call that its living worker makes without a job gets none', async (t) => {
  const { simulator, app, sql, drained } = await startService(t)
  const answer = Promise.withResolvers<void>()
  simulator.script({ method: 'PUT' }, [{ kind: 'hold', until: answer.promise }])
  const { id } = simulator.openChat({ customerId: 9011 })
  await simulator.waitFor('the move is under way', () => simulator.calls.departmentPuts(id).length === 1)
  await bringBackLostJobs(app.database.prisma)
  t.strictSame(await sql('SELECT key FROM graphile_worker._private_jobs WHERE key = $1', [`apply:${id}`]), [])
  answer.resolve()
  await drained()
})

test('an event that waits without a job is found by the next worker that starts', async (t) => {
  const service = await startService(t, { settings: { ROLE: 'web' } })
  const { simulator, sql, drained } = service
  const { id } = simulator.openChat({ customerId: 9011 })
  await simulator.webhooks.settled()
  await sql('DELETE FROM graphile_worker._private_jobs WHERE key LIKE $1', ['event:%'])
  await sql(`UPDATE webhook_events SET received_at = received_at - interval '1 min' WHERE chat_id IS NOT NULL`)
  await sql(`DELETE FROM webhook_events WHERE chat_id IS NULL`)
  await startSecondApp(t, service)
  await drained()
  t.equal(simulator.chat(id).departmentId, 10)
})

test('what waits gets a job, and nothing else does, when the one that is left will never run or is for something else', async (t) => {
  const { app, sql } = await startService(t, { settings: { ROLE: 'web' } })
  await insertEvents({ sql }, [
    { id: 'used up', chatId: 1, status: 'waiting' },
    { id: 'another', chatId: 2, status: 'waiting' },
    { id: 'done', chatId: 3 },
  ])
  await sql("UPDATE webhook_events SET received_at = received_at - interval '1 min'")
  await sql(
    'INSERT INTO chats (id, pending_decision_id, pending_priority) VALUES (2, NULL, 0), (3, NULL, 0), (4, 9, 700)',
  )
  await sql(`SELECT graphile_worker.add_job('decide_events', json_build_object('chatId', 1), job_key := 'used up'),
    graphile_worker.add_job('learn_customer', json_build_object('chatId', 2), job_key := 'another')`)
  await sql("UPDATE graphile_worker._private_jobs SET attempts = max_attempts WHERE key = 'used up'")
  await bringBackLostJobs(app.database.prisma)
  const jobs = await sql(`SELECT (payload ->> 'chatId')::int AS chat, split_part(key, ':', 1) AS kind, priority
    FROM graphile_worker._private_jobs WHERE key LIKE '%:%' ORDER BY chat`)
  t.strictSame(jobs, [
    { chat: 1, kind: 'event', priority: -20_000 },
    { chat: 2, kind: 'event', priority: -20_000 },
    { chat: 4, kind: 'apply', priority: -700 },
  ])
})

test('a job is given up with its queue when no worker has heard of it for a while, and not at once', async (t) => {
  const { app, sql } = await startService(t, { settings: { ROLE: 'web' } })
  await sql("SELECT graphile_worker.add_job('decide_events', queue_name := 'suspects', job_key := 'unheard')")
  for (const table of ['_private_jobs', '_private_job_queues']) {
    await sql(`UPDATE graphile_worker.${table} SET locked_by = 'us', locked_at = now()`)
  }
  const lockedBy = async () => {
    await giveUpUnheardJobs(app.database.prisma, { queueIds: ['us'], jobIds: new Set() })
    const [row] = await sql(`SELECT j.locked_by AS job, q.locked_by AS queue
      FROM graphile_worker._private_jobs j JOIN graphile_worker._private_job_queues q ON q.id = j.job_queue_id`)
    return row
  }
  t.strictSame(await lockedBy(), { job: 'us', queue: 'us' })
  for (const when of ['-1 min', '3 days']) {
    for (const table of ['_private_jobs', '_private_job_queues']) {
      await sql(`UPDATE graphile_worker.${table} SET locked_by = 'us', locked_at = now() + $1::interval`, [when])
    }
    t.strictSame(await lockedBy(), { job: NOBODY, queue: NOBODY }, `${when}: the clock of Postgres may be set back`)
  }
})

test('a job is done soon also when its worker never heard that it got it, since the connection broke', async (t) => {
  const service = await startService(t, { settings: { ROLE: 'web' } })
  const { simulator, sql, drained } = service
  const broken = Promise.withResolvers<void>()
  let isBroken = false
  const proxied = await startPostgresProxy(t, service.databaseUrl, () => ({
    reply(bytes) {
      // Only the queue's own statement gives a job's payload.
      if (isBroken || !bytes.includes('chatId')) return 'pass'
      isBroken = true
      broken.resolve()
      return 'cut'
    },
  }))
  await startSecondApp(t, service, { DATABASE_URL: proxied, ROLE: 'worker' })
  const { id } = simulator.openChat({ customerId: 9011 })
  await broken.promise
  t.strictSame(await sql(LOCKED), [{ locked: 1 }], 'nobody works on it')
  await sql("UPDATE graphile_worker._private_jobs SET locked_at = locked_at - interval '1 min'") // nobody waits for it
  await until('it is free', async () => (await sql<{ locked: number }>(LOCKED))[0]?.locked === 0)
  await drained()
  t.equal(simulator.chat(id).departmentId, 10)
})

test('a job that is being worked on is not given up, however long it takes', async (t) => {
  const { simulator, app, sql, drained } = await startService(t)
  const answer = Promise.withResolvers<void>()
  simulator.script({ method: 'PUT' }, [{ kind: 'hold', until: answer.promise }])
  const { id: chatId } = simulator.openChat({ customerId: 9011 })
  await simulator.waitFor('the move is under way', () => simulator.calls.departmentPuts(chatId).length === 1)
  const [job] = await sql<{ id: string; locked_by: string }>(
    `UPDATE graphile_worker._private_jobs SET locked_at = locked_at - interval '1 min'
    WHERE payload ->> 'chatId' = $1 RETURNING id, locked_by`,
    [`${chatId}`],
  )
  const { id = '', locked_by = '' } = job ?? {}
  const given = { queueIds: [locked_by], jobIds: new Set(['1000000', id]) }
  await giveUpUnheardJobs(app.database.prisma, given)
  t.match(await sql('SELECT locked_by FROM graphile_worker._private_jobs WHERE id = $1', [id]), [{ locked_by }])
  answer.resolve()
  await drained()
  t.equal(simulator.calls.departmentPuts(chatId).length, 1)
})

const LOCKED =
  "SELECT count(*)::int AS locked FROM graphile_worker._private_jobs WHERE payload::text LIKE '%chatId%' AND locked_by IS NOT NULL"
