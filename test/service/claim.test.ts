import { test } from 'tap'
import { openDatabase } from '../../src/adapters/prisma/database.ts'
import { createDecisionJournal } from '../../src/adapters/prisma/decision-journal.ts'
import { createDatabase, openConnection, type Statement } from '../support/postgres.ts'
import type { Scope } from '../support/scope.ts'
import { until } from '../support/service.ts'

const CHAT = 5

/** A chat that nobody holds, with two waiting events, and the journal of one worker. */
async function openJournal(t: Scope) {
  const url = await createDatabase(t)
  const sql = await openConnection(t, url)
  await sql(`INSERT INTO chats (id, fence) VALUES (${CHAT}, 7)`)
  for (const [id, second] of [
    ['older', 1],
    ['newer', 2],
  ]) {
    await sql(
      `INSERT INTO webhook_events (id, type, chat_id, customer_id, status, body, happened_at)
      VALUES ($1, 'chat.new', ${CHAT}, 9, 'waiting', '{}', to_timestamp($2))`,
      [id, second],
    )
  }
  const database = openDatabase({ url, connections: 5, onLostConnection: () => {} })
  t.teardown(() => database.close())
  return { url, sql, journal: createDecisionJournal(database.prisma, 'this worker') }
}

const isWaitedFor = async (sql: Statement) =>
  (await sql(`SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`)).length > 0

test('a claim of a chat that nobody holds starts its oldest event', async (t) => {
  const { journal } = await openJournal(t)
  const claim = await journal.claimNext(CHAT)
  t.match(claim, { chatId: CHAT, fence: 8n, started: { id: 'older', starts: 1 } })
})

test('a claim that had to wait for another worker to let go starts nothing before it has seen what that one wrote', async (t) => {
  const { url, sql, journal } = await openJournal(t)
  const other = await openConnection(t, url)
  await other('BEGIN')
  await other(`UPDATE chats SET fence = fence + 1 WHERE id = ${CHAT}`)
  const claiming = journal.claimNext(CHAT)
  await until('the claim waits', () => isWaitedFor(sql))
  await other(`INSERT INTO customers (id, profile, fetched_at) VALUES (9, '{"name": "Olena"}', now())`)
  await other('COMMIT')
  const claim = await claiming
  t.match(claim, { chatId: CHAT, fence: 9n, started: undefined })
  t.match(await sql(`SELECT sum(starts)::int AS starts FROM webhook_events`), [{ starts: 0 }])
  t.match(claim && (await journal.startNext(claim)), {
    id: 'older',
    starts: 1,
    customer: { profile: { name: 'Olena' } },
  })
})
