import { test } from 'tap'
import { createCallLedger } from '../../src/adapters/prisma/call-ledger.ts'
import { openDatabase } from '../../src/adapters/prisma/database.ts'
import { createDecisionJournal } from '../../src/adapters/prisma/decision-journal.ts'
import { createEventInbox } from '../../src/adapters/prisma/event-inbox.ts'
import { createOldRecords } from '../../src/adapters/prisma/old-records.ts'
import { createRetries } from '../../src/adapters/prisma/retries.ts'
import { createSharing } from '../../src/adapters/prisma/share-statement.ts'
import { createWorkerRegistry } from '../../src/adapters/prisma/worker-registry.ts'
import { ageOut } from '../../src/services/age-out.ts'
import type { DecisionSummary } from '../../src/services/read-decision.ts'
import { createDatabase, openConnection, type Statement } from '../support/postgres.ts'
import { insertDecisions } from '../support/rows.ts'
import type { Scope } from '../support/scope.ts'
import { until } from '../support/service.ts'

// What happens when two statements meet. One of the two is written out here, to be stopped in its middle.
const CHAT = 501
const LOG = { info() {}, warn() {}, error() {} }

async function open(t: Scope) {
  const url = await createDatabase(t)
  const sql = await openConnection(t, url)
  const database = openDatabase({ url, connections: 5, onLostConnection: () => {} })
  t.teardown(() => database.close())
  return { url, sql, ...database }
}

const untilOneWaits = (sql: Statement) =>
  until('one waits for the other', async () => {
    const waiting = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
    return (await sql(waiting)).length > 0
  })

/** A decision as the service that retries it has read it. */
const read = (id: string | undefined) =>
  ({ id: BigInt(id ?? 0), chatId: CHAT, rule: { key: 'german', version: 1 } }) as DecisionSummary // what retries look at

test('a call that gets no slot of the budget does not use up the one that shows whether a pause is over', async (t) => {
  const { sql, query } = await open(t)
  await sql('INSERT INTO budget_slots (slot, used_at) SELECT generate_series(1, 2), now()')
  await sql("UPDATE helpcrunch_account SET paused_until = now() - interval '1 s'")
  const ledger = createCallLedger(query, createSharing())
  const request = { method: 'GET', path: '/departments' } as const
  t.match(await ledger.open({ kind: 'look_up' }, request), { kind: 'no_budget' })
  await sql("UPDATE budget_slots SET used_at = 'epoch'")
  t.match(await ledger.open({ kind: 'look_up' }, request), { kind: 'opened', call: { isProbe: true } })
  t.match(await ledger.open({ kind: 'look_up' }, request), { kind: 'no_budget' }, 'the others wait for its answer')
})

test('look-ups do not wait for moves that have failed, and wait for their next try', async (t) => {
  const { sql, query } = await open(t)
  await sql("INSERT INTO budget_slots (slot, used_at) SELECT generate_series(1, 3), 'epoch'")
  await sql(
    'INSERT INTO chats (id, fence, pending_decision_id, tries) SELECT n, 1, n, 0 FROM generate_series(1, 3) AS n',
  )
  const look = () =>
    createCallLedger(query, createSharing()).open({ kind: 'look_up' }, { method: 'GET', path: '/customers/1' })
  t.match(await look(), { kind: 'no_budget' })
  await sql('UPDATE chats SET tries = 9')
  await sql(
    `SELECT graphile_worker.add_job('apply_decision', job_key := 'apply:' || id, run_at := now() + interval '1 h') FROM chats`,
  )
  t.match(await look(), { kind: 'opened' })
})

test('look-ups leave two calls to each move that has failed and is due again: for a look and the move', async (t) => {
  const { sql, query } = await open(t)
  await sql("INSERT INTO budget_slots (slot, used_at) SELECT generate_series(1, 6), 'epoch'")
  await sql(
    'INSERT INTO chats (id, fence, pending_decision_id, tries) SELECT n, 1, n, n - 1 FROM generate_series(1, 3) AS n',
  )
  await sql(`SELECT graphile_worker.add_job('apply_decision', job_key := 'apply:' || id) FROM chats WHERE tries > 0`)
  const look = () =>
    createCallLedger(query, createSharing()).open({ kind: 'look_up' }, { method: 'GET', path: '/customers/1' })
  t.match(await look(), { kind: 'opened' }, 'the sixth is left over: one move needs one')
  t.match(await look(), { kind: 'no_budget' })
  await sql(
    `INSERT INTO webhook_events (id, type, chat_id, status, body, happened_at) VALUES ('new', 'chat.new', ${CHAT}, 'waiting', '{}', now())`,
  )
  await sql(`INSERT INTO chats (id, fence) VALUES (${CHAT}, 1)`)
  const [event] = await sql<{ seq: string }>('SELECT seq FROM webhook_events')
  const chat = { claim: { chatId: CHAT, fence: 1n }, eventSeq: BigInt(event?.seq ?? 0) }
  const together = createCallLedger(query, createSharing()).open(
    { kind: 'look_up', chat },
    { method: 'GET', path: '/customers/1' },
  )
  t.match(await together, { kind: 'no_budget' }, 'nor with others')
})

test('copies of the same webhooks that are stored at the same moment wait for one another one way only', async (t) => {
  const { query, sql } = await open(t)
  const event = (id: string) => ({
    ...({ id, type: 'chat.new', chatId: CHAT, customerId: undefined, status: 'waiting', problem: undefined } as const),
    ...{ body: Buffer.from('{}'), happenedAt: undefined },
  })
  for (let round = 0; round < 20; round++) {
    const ids = Array.from({ length: 40 }, (_, n) => `${round}-${n}`)
    const store = (order: readonly string[]) => {
      const inbox = createEventInbox(query, createSharing())
      return Promise.all(order.map((id) => inbox.insertOnce(event(id))))
    }
    const inserted = (await Promise.all([store(ids), store(ids.toReversed())])).flat()
    t.equal(inserted.filter(({ inserted }) => inserted).length, ids.length)
  }
  const misplaced = `SELECT FROM (SELECT id, lag(seq) OVER (ORDER BY received_at, seq) AS before, seq FROM webhook_events) AS e
    WHERE before > seq`
  t.strictSame(await sql(misplaced), [])
})

test('a decision takes over from one that was made pending again while it waited for the chat', async (t) => {
  const { url, sql, query } = await open(t)
  const service = { sql }
  const [failed] = await insertDecisions(service, [{ outcome: 'failed', chatId: CHAT }])
  await sql(
    `INSERT INTO webhook_events (id, type, chat_id, status, body, happened_at) VALUES ('new', 'chat.new', ${CHAT}, 'waiting', '{}', now())`,
  )
  await sql(`INSERT INTO chats (id, fence) VALUES (${CHAT}, 1)`)
  const journal = createDecisionJournal(query, createSharing(), 'this worker')
  const claim = await journal.claimNext(CHAT)
  if (claim?.started === undefined) throw new Error('nothing was started')
  const other = await openConnection(t, url)
  await other('BEGIN') // as a retry does
  await other(`UPDATE chats SET pending_decision_id = $1, pending_priority = 0 WHERE id = ${CHAT}`, [failed])
  await other("UPDATE decisions SET outcome = 'pending' WHERE id = $1", [failed])
  const recording = journal.record(
    claim,
    claim.started,
    {
      ...{ outcome: 'pending', reason: undefined, mode: 'live', winner: null, departmentFrom: 20, departmentTo: 10 },
      ...{ facts: {}, openLookups: new Set(), rulesetVersion: 1, stateAgeMs: 0 },
    },
    { reply: undefined, move: undefined },
  )
  await untilOneWaits(sql)
  await other('COMMIT')
  const recorded = await recording
  t.strictSame(await sql('SELECT outcome, reason FROM decisions ORDER BY id'), [
    { outcome: 'skipped', reason: 'already_routed' },
    { outcome: 'pending', reason: null },
  ])
  t.match(await sql('SELECT pending_decision_id::text AS id FROM chats'), [{ id: String(recorded?.decisionId) }])
})

test('a decision that was overtaken while its retry waited is not made pending again', async (t) => {
  const { url, sql, prisma } = await open(t)
  const [failed] = await insertDecisions({ sql }, [{ outcome: 'failed', chatId: CHAT }])
  await sql(`INSERT INTO chats (id, fence) VALUES (${CHAT}, 1)`)
  for (const retry of ['callAgain', 'decideAgain'] as const) {
    const other = await openConnection(t, url)
    await other('BEGIN') // as a worker does that records a newer decision
    await other(`UPDATE chats SET tries = 0 WHERE id = ${CHAT}`)
    await insertDecisions({ sql: other }, [{ outcome: 'unchanged', chatId: CHAT }])
    const retrying = createRetries(prisma)[retry](read(failed))
    await untilOneWaits(sql)
    await other('COMMIT')
    t.equal(await retrying, false, retry)
    await sql('DELETE FROM decisions WHERE id <> $1', [failed])
  }
  t.match(await sql('SELECT outcome FROM decisions WHERE id = $1', [failed]), [{ outcome: 'failed' }])
})

test('a retry that comes while the customer is being erased leaves the decision where it is', async (t) => {
  const { sql, prisma } = await open(t)
  const [failed] = await insertDecisions({ sql }, [{ outcome: 'failed', chatId: CHAT, department: null, rule: null }])
  await sql(`INSERT INTO chats (id, fence) VALUES (${CHAT}, 1)`)
  await sql('UPDATE webhook_events SET erased_at = now()')
  t.equal(await createRetries(prisma).decideAgain(read(failed)), false)
  t.equal((await sql('SELECT FROM decisions WHERE id = $1', [failed])).length, 1)
  await sql('UPDATE webhook_events SET erased_at = NULL')
  t.equal(await createRetries(prisma).decideAgain(read(failed)), true, 'while without an erasure it is taken back')
  t.equal((await sql('SELECT FROM decisions WHERE id = $1', [failed])).length, 0)
})

test('a retry that comes while its decision is being deleted, as too old, leaves the chat with nothing pending', async (t) => {
  const { url, sql, prisma } = await open(t)
  const [failed] = await insertDecisions({ sql }, [{ outcome: 'failed', chatId: CHAT }])
  await sql(`INSERT INTO chats (id, fence) VALUES (${CHAT}, 1)`)
  const other = await openConnection(t, url)
  await other('BEGIN')
  await other('DELETE FROM decisions')
  const retrying = createRetries(prisma).callAgain(read(failed))
  await untilOneWaits(sql)
  await other('COMMIT')
  t.equal(await retrying, false)
  t.match(await sql('SELECT pending_decision_id FROM chats'), [{ pending_decision_id: null }])
})

test('the run that deletes what is too old is scheduled anew when its job was lost', async (t) => {
  const { sql, ...database } = await open(t)
  const registry = createWorkerRegistry(database, 'this worker', LOG)
  t.teardown(() => registry.leave())
  await registry.beat({ queueIds: [], jobIds: new Set() })
  t.equal((await sql("SELECT FROM graphile_worker._private_jobs WHERE key = 'age_out'")).length, 1)
})

test('what was received while the clock of Postgres was ahead keeps nothing that is too old', async (t) => {
  const { sql, prisma } = await open(t)
  const receive = (count: number, at: string) =>
    sql(
      `INSERT INTO webhook_events (id, type, status, body, happened_at, received_at)
      SELECT gen_random_uuid(), 'chat.new', 'done', '', now(), now() + $2::interval FROM generate_series(1, $1::int)`,
      [count, at],
    )
  await receive(600, '1 year')
  await receive(600, '-2 days')
  await receive(1, '0')
  await ageOut({ records: createOldRecords(prisma), log: LOG, days: 1 })
  const left = "SELECT FROM webhook_events WHERE received_at < now() - interval '1 day'"
  t.equal((await sql(left)).length, 0)
  t.equal((await sql('SELECT FROM webhook_events')).length, 601)
})

test('what is too old is locked in the order of its ids, as an erasure locks it', async (t) => {
  const { url, sql, prisma } = await open(t)
  for (const table of ['attempts', 'decisions']) {
    await insertDecisions(
      { sql },
      Array.from({ length: 20 }, () => ({})),
    )
    await sql(
      "INSERT INTO attempts (event_seq, number, method, path) SELECT seq, 1, 'GET', '/chats/501' FROM webhook_events",
    )
    await sql("UPDATE webhook_events SET received_at = now() - interval '2 days'")
    // Whatever changes is read last.
    await sql('UPDATE attempts SET status = 200 WHERE id % 20 < 10')
    await sql("UPDATE decisions SET outcome = 'failed' WHERE id % 20 < 10")
    const other = await openConnection(t, url)
    await other('BEGIN')
    await other(`SELECT FROM ${table} ORDER BY id LIMIT 1 FOR UPDATE`)
    const deleting = createOldRecords(prisma).deleteEvents(1, 0n)
    await untilOneWaits(sql)
    t.equal((await sql(`SELECT FROM ${table} FOR UPDATE SKIP LOCKED`)).length, 19, table)
    await other('COMMIT')
    t.match(await deleting, { deleted: 20 })
  }
})
