import { test } from 'tap'
import { openDatabase } from '../../src/adapters/prisma/database.ts'
import { createOldRecords } from '../../src/adapters/prisma/old-records.ts'
import { ageOut } from '../../src/services/age-out.ts'
import { createDatabase, openConnection } from '../support/postgres.ts'
import { insertDecisions } from '../support/rows.ts'
import type { Scope } from '../support/scope.ts'

const OLD = "now() - interval '31 days'"

async function open(t: Scope) {
  const url = await createDatabase(t)
  const database = openDatabase({ url, connections: 1, onLostConnection: () => {} })
  t.teardown(() => database.close())
  const log = { info() {}, warn() {}, error() {} }
  return {
    sql: await openConnection(t, url),
    deleteOld: () => ageOut({ records: createOldRecords(database.prisma), log, days: 30 }),
  }
}

test('a decision that still waits for its call is kept however old, with its event and its calls', async (t) => {
  const { sql, deleteOld } = await open(t)
  const decisions = await insertDecisions({ sql }, [{ outcome: 'applied' }, { outcome: 'pending' }, {}])
  await sql(`UPDATE webhook_events SET received_at = ${OLD}`)
  await sql(
    `INSERT INTO attempts (event_seq, number, at, method, path) SELECT seq, 1, ${OLD}, 'PUT', '/' FROM webhook_events`,
  )
  await deleteOld()
  const left = await sql('SELECT d.id::text FROM decisions d JOIN attempts a ON a.event_seq = d.event_seq')
  t.strictSame(left, [{ id: decisions[1] }])
  t.equal((await sql('SELECT FROM webhook_events')).length, 1)
})

test('however many old events still wait, those that came after them are deleted', async (t) => {
  const { sql, deleteOld } = await open(t)
  await sql(
    `INSERT INTO webhook_events (id, type, status, body, happened_at, received_at)
    SELECT n, 'chat.new', CASE WHEN n <= 500 THEN 'waiting' ELSE 'done' END, '{}', now(), ${OLD} FROM generate_series(1, 501) AS n`,
  )
  await deleteOld()
  t.strictSame(await sql('SELECT DISTINCT status FROM webhook_events'), [{ status: 'waiting' }])
})

test('a customer is forgotten of whom no event is left, unless looked up since', async (t) => {
  const { sql, deleteOld } = await open(t)
  await sql(
    `INSERT INTO customers (id, profile, fetched_at)
    VALUES (1, '{}', NULL), (2, '{}', ${OLD}), (3, '{}', NULL), (4, '{}', ${OLD}), (5, '{}', now())`,
  )
  await insertDecisions({ sql }, [{ chatId: 3 }, { chatId: 4 }])
  await sql('UPDATE webhook_events SET customer_id = chat_id')
  await deleteOld()
  t.strictSame(await sql('SELECT id::int FROM customers ORDER BY id'), [{ id: 3 }, { id: 4 }, { id: 5 }])
})

test('calls that served no chat, such as listings of departments, are deleted when they are old', async (t) => {
  const { sql, deleteOld } = await open(t)
  await sql(
    `INSERT INTO attempts (number, at, method, path) VALUES (1, ${OLD}, 'GET', '/old'), (1, now(), 'GET', '/new')`,
  )
  await deleteOld()
  t.strictSame(await sql('SELECT path FROM attempts'), [{ path: '/new' }])
})
