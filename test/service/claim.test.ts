import { test } from 'tap'
import { createApplicationJournal } from '../../src/adapters/prisma/application-journal.ts'
import { openDatabase } from '../../src/adapters/prisma/database.ts'
import { createDecisionJournal } from '../../src/adapters/prisma/decision-journal.ts'
import { createSharing } from '../../src/adapters/prisma/share-statement.ts'
import { compileRuleset } from '../../src/domain/ruleset.ts'
import type { Reply } from '../../src/services/call-ledger.ts'
import { type NewDecision, toPending } from '../../src/services/new-decision.ts'
import type { ReadyMove } from '../../src/services/ready-move.ts'
import { NONE } from '../support/none.ts'
import { createDatabase, openConnection, type Statement } from '../support/postgres.ts'
import { giveRules, rule } from '../support/rules.ts'
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
  const journal = createDecisionJournal(database.query, createSharing(), 'this worker')
  return { url, sql, journal, applications: createApplicationJournal(database.query) }
}

const isWaitedFor = async (sql: Statement) =>
  (await sql(`SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`)).length > 0

test('a claim of a chat that nobody holds starts its oldest event', async (t) => {
  const { journal } = await openJournal(t)
  const claim = await journal.claimNext(CHAT)
  t.match(claim, { chatId: CHAT, fence: 8n, started: { id: 'older', starts: 1 } })
})

test('of the waiting events of one second, the new chat is started first', async (t) => {
  const { sql, journal } = await openJournal(t)
  await sql(`UPDATE webhook_events SET happened_at = to_timestamp(1)`)
  await sql(`UPDATE webhook_events SET type = 'message.chat.customer' WHERE id = 'older'`)
  t.match(await journal.claimNext(CHAT), { started: { id: 'newer', type: 'chat.new' } })
})

test("a chat that a living worker holds is nobody else's until its time is over", async (t) => {
  const { sql, journal } = await openJournal(t)
  await sql(`INSERT INTO workers (id) VALUES ('other worker')`)
  const holdUntil = `UPDATE chats SET claimed_by = 'other worker', claimed_until = now() + $1::interval WHERE id = ${CHAT}`
  await sql(holdUntil, ['1 minute'])
  t.equal(await journal.claimNext(CHAT), undefined)
  await sql(holdUntil, ['-1 second'])
  t.match(await journal.claimNext(CHAT), { chatId: CHAT, fence: 8n })
  await sql(holdUntil, ['3 days'])
  t.match(await journal.claimNext(CHAT), { fence: 9n }, 'nor longer because the clock of Postgres was set back')
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

const NOTHING_ALONG = { reply: undefined, move: undefined }
const MOVE = { method: 'PUT', path: '/chats/department' } as const
const READY: ReadyMove = { ...MOVE, freshForMs: 60_000 }
const pendingDecision: NewDecision = {
  ...{ outcome: 'pending', reason: undefined, mode: 'live', winner: null, departmentFrom: 20, departmentTo: 10 },
  ...{ facts: {}, openLookups: new Set(), rulesetVersion: 1, stateAgeMs: 0 },
}

/** Records a decision of the chat's only waiting event, after `given` has happened. */
async function recordAfter(t: Scope, given: string, move: ReadyMove | undefined, reply?: Reply) {
  const { sql, journal } = await openJournal(t)
  await giveRules({ sql }, [rule()])
  await sql('INSERT INTO budget_slots (slot) SELECT generate_series(1, 100)')
  await sql(`UPDATE webhook_events SET status = 'done' WHERE id = 'newer'`)
  const claim = await journal.claimNext(CHAT)
  if (claim?.started === undefined) throw new Error('nothing was started')
  await sql(given)
  const recorded = await journal.record(claim, claim.started, pendingDecision, { reply, move })
  const attempts = await sql('SELECT id, number, method, path, status, body, duration_ms FROM attempts ORDER BY number')
  const customers = await sql('SELECT profile FROM customers')
  const [used] = await sql(`SELECT count(*)::int AS slots FROM budget_slots WHERE used_at > 'epoch'`)
  return { recorded, attempts, customers, slotsUsed: used?.slots }
}

test('a move that can follow at once is opened along with its decision', async (t) => {
  const { recorded, attempts, slotsUsed } = await recordAfter(t, 'SELECT', READY)
  t.match(recorded, { isQueued: false, hasMore: false, opened: { number: 1, isProbe: false } })
  t.match(attempts, [{ id: String(recorded?.opened?.attemptId), number: 1, ...MOVE, status: null }])
  t.equal(slotsUsed, 1)
})

test('no move is opened along with its decision while', async (t) => {
  const cases = {
    'more of the chat waits': `UPDATE webhook_events SET status = 'waiting' WHERE id = 'newer'`,
    'all calls are paused': `UPDATE helpcrunch_account SET paused_until = now() + interval '1 minute'`,
    'a pause is over and nobody has asked yet': `UPDATE helpcrunch_account SET paused_until = now() - interval '1 minute'`,
    'the budget may not do for all that waits': 'DELETE FROM budget_slots WHERE slot > 3',
    'a job for an older decision waits': `SELECT graphile_worker.add_job('apply_decision', job_key := 'apply:${CHAT}')`,
  }
  for (const [what, given] of Object.entries(cases)) {
    const { recorded, attempts, slotsUsed } = await recordAfter(t, given, READY)
    t.match(recorded, { opened: undefined }, what)
    t.ok(recorded, what)
    t.strictSame({ attempts, slotsUsed }, { attempts: [], slotsUsed: 0 }, what)
  }
})

test('a claim that was lost opens no move', async (t) => {
  const given = `UPDATE chats SET fence = fence + 1 WHERE id = ${CHAT}`
  t.match(await recordAfter(t, given, READY), { recorded: undefined, attempts: NONE, slotsUsed: 0 })
})

const LOOKED_UP = `INSERT INTO attempts (id, event_seq, number, method, path, at)
  SELECT 77, seq, 1, 'GET', '/customers/9', now() FROM webhook_events WHERE id = 'older'`
const told: Reply = {
  call: { attemptId: 77n, number: 1, isProbe: false, setAside: undefined },
  ending: {
    ...{
      result: { kind: 'response', status: 200, body: '{"id": 9}' },
      durationMs: 5,
      problem: undefined,
    },
    effect: { kind: 'none' },
  },
  followUp: { kind: 'keep', customer: { id: 9, profile: { name: 'Olena' }, knownRevision: undefined } },
}

test('the reply that a decision hangs on is recorded along with it, and so is what it told', async (t) => {
  const { attempts, customers } = await recordAfter(t, LOOKED_UP, READY, told)
  const [lookedUp, move] = [
    { number: 1, status: 200, body: '{"id": 9}', duration_ms: 5 },
    { number: 2, ...MOVE },
  ]
  t.match(attempts, [lookedUp, move])
  t.strictSame(customers, [{ profile: { name: 'Olena' } }])
})

test('without the decision nothing of it is recorded: the chat is lost, or the event was ended by an erasure', async (t) => {
  for (const given of ['UPDATE chats SET fence = fence + 1', "UPDATE webhook_events SET status = 'ignored'"]) {
    const { recorded, attempts, customers } = await recordAfter(
      t,
      `WITH looked_up AS (${LOOKED_UP}) ${given}`,
      READY,
      told,
    )
    t.match({ recorded, customers }, { recorded: undefined, customers: NONE }, given)
    t.match(attempts, [{ number: 1, status: null, body: null }], given)
  }
})

test('a decision goes on to its call as it would be read back', async (t) => {
  const { sql, journal, applications } = await openJournal(t)
  await giveRules({ sql }, [rule({ priority: 700 })])
  await sql('INSERT INTO budget_slots (slot) SELECT generate_series(1, 100)')
  const { rules } = compileRuleset({ version: 1, rules: [{ document: rule({ priority: 700 }), version: 1 }] })
  for (const [departmentFrom, winner] of [
    [20, rules[0]],
    [30, undefined],
  ] as const) {
    const claim = await journal.claimNext(CHAT)
    if (claim?.started === undefined) return t.fail('nothing was started')
    const decision: NewDecision = {
      ...{
        outcome: 'pending',
        reason: undefined,
        mode: 'live',
        winner: winner ?? null,
        departmentFrom,
        departmentTo: 10,
      },
      ...{ facts: {}, openLookups: new Set(), rulesetVersion: 1, stateAgeMs: 5_000 },
    }
    const drawnAtMs = performance.now()
    const recorded = await journal.record(claim, claim.started, decision, NOTHING_ALONG)
    const kept = recorded && toPending(claim.started, decision, recorded, drawnAtMs)
    const read = await applications.pending(claim)
    if (kept === undefined || read === undefined) return t.fail('nothing is pending')
    const { hasJob, ...readBack } = read
    t.strictSame({ ...kept, stateAgeMs: 0, hasJob: false }, { ...readBack, stateAgeMs: 0, hasJob })
    t.ok(Math.abs((kept.stateAgeMs ?? 0) - (read.stateAgeMs ?? 0)) < 1_000)
    const settlement = {
      claim,
      pending: kept,
      outcome: 'applied',
      reason: undefined,
      departmentFrom: undefined,
    } as const
    t.ok(await applications.settle(settlement))
  }
})

const LEFT = 'SELECT extract(epoch FROM claimed_until - now())::int AS s FROM chats'

test('a claim begins anew with each event that is started or decided under it', async (t) => {
  const { sql, journal } = await openJournal(t)
  await giveRules({ sql }, [rule()])
  const claim = await journal.claimNext(CHAT)
  if (claim?.started === undefined) return t.fail('nothing was started')
  const runDown = () => sql("UPDATE chats SET claimed_until = now() + interval '1 s'")
  const left = async () => (await sql<{ s: number }>(LEFT))[0]?.s ?? 0
  await runDown()
  await journal.record(claim, claim.started, pendingDecision, NOTHING_ALONG)
  t.ok((await left()) > 50)
  await runDown()
  await journal.startNext(claim)
  t.ok((await left()) > 50)
})
