import { test } from 'tap'
import { createCallLedger } from '../../src/adapters/prisma/call-ledger.ts'
import { createCustomerRecords } from '../../src/adapters/prisma/customer-records.ts'
import { openDatabase } from '../../src/adapters/prisma/database.ts'
import { createDecisionJournal } from '../../src/adapters/prisma/decision-journal.ts'
import type { Query } from '../../src/adapters/prisma/query.ts'
import { createSharing } from '../../src/adapters/prisma/share-statement.ts'
import type { CallLedger, OpenCall, Reply } from '../../src/services/call-ledger.ts'
import type { DecisionJournal, StartedClaim } from '../../src/services/decide-events.ts'
import type { CustomerRecords } from '../../src/services/erase-customer.ts'
import type { NewDecision } from '../../src/services/new-decision.ts'
import type { Settlement } from '../../src/services/pending-decision.ts'
import { createDatabase, openConnection, type Statement } from '../support/postgres.ts'
import { giveRules, rule } from '../support/rules.ts'
import type { Scope } from '../support/scope.ts'
import { until } from '../support/service.ts'

const CHATS = Array.from({ length: 18 }, (_, index) => 40 - index)
const MOVE = { method: 'PUT', path: '/chats/department', freshForMs: 60_000 } as const
const decision: NewDecision = {
  ...{ outcome: 'pending', reason: undefined, mode: 'live', winner: null, departmentFrom: null, departmentTo: 10 },
  ...{ facts: { language: 'de' }, openLookups: new Set(['chat'] as const), rulesetVersion: 1, stateAgeMs: 0 },
}

/** What becomes of a chat, by its number. */
const KINDS: readonly Partial<NewDecision>[] = [
  {},
  { stateAgeMs: undefined },
  { outcome: 'no_match', departmentTo: undefined, departmentFrom: undefined },
]
/** What happens between a chat's claim and its decision. */
const MEANWHILE = [
  'SELECT',
  'UPDATE chats SET fence = fence + 1 WHERE id = $1',
  "UPDATE webhook_events SET status = 'ignored', erased_at = now() WHERE chat_id = $1",
  "INSERT INTO webhook_events (id, type, chat_id, status, body, happened_at) SELECT 'more ' || $1::bigint, 'chat.new', $1, 'waiting', '{}', now()",
  'UPDATE chats SET original_known = true, original_department_id = 7 WHERE id = $1',
  "SELECT graphile_worker.add_job('apply_decision', job_key := 'apply:' || $1::bigint)",
]

interface Ground {
  readonly sql: Statement
  readonly journal: DecisionJournal
  readonly ledger: CallLedger
  readonly query: Query
  readonly records: CustomerRecords
  /** How many statements the steps have been so far. */
  statements(): number
}

async function layGround(t: Scope): Promise<Ground> {
  const url = await createDatabase(t)
  const sql = await openConnection(t, url)
  await giveRules({ sql }, [rule()])
  await sql('INSERT INTO budget_slots (slot) SELECT generate_series(1, 1000)')
  for (const chat of CHATS) {
    await sql(
      `INSERT INTO webhook_events (id, type, chat_id, customer_id, status, body, happened_at)
      VALUES ($1::bigint, 'chat.new', $1, $2, 'waiting', '{}', to_timestamp(1))`,
      [chat, chat % 5],
    )
  }
  const database = openDatabase({ url, connections: 2, onLostConnection: () => {} })
  t.teardown(() => database.close())
  let statements = 0
  const query: Query = (...statement) => {
    statements += 1
    return database.query(...statement)
  }
  const share = createSharing()
  const ground = {
    journal: createDecisionJournal(query, share, 'this worker'),
    ledger: createCallLedger(query, share),
    query,
    records: createCustomerRecords(database.prisma),
  }
  return { sql, ...ground, statements: () => statements }
}

const replyTo = (call: OpenCall, followUp: Reply['followUp']): Reply => ({
  ...{ call, followUp },
  ending: {
    ...{
      result: { kind: 'response', status: 200, body: '{}' },
      durationMs: 5,
      problem: undefined,
    },
    effect: { kind: 'none' },
  },
})

type EachChat = <T>(step: (chat: number) => Promise<T>) => Promise<T[]>
const together: EachChat = (step) => Promise.all(CHATS.map(step))
const oneByOne: EachChat = async (step) => {
  const results: Awaited<ReturnType<typeof step>>[] = []
  for (const chat of CHATS) results.push(await step(chat))
  return results
}

/** Takes all chats through all steps, and gives what the tables hold then. */
async function goThrough({ sql, journal, ledger }: Ground, each: EachChat) {
  const claims = new Map<number, StartedClaim>()
  const replies = new Map<number, Reply>()
  const settlements = new Map<number, [OpenCall, Settlement]>()
  await each(async (chat) => {
    const claim = await journal.claimNext(chat)
    if (claim) claims.set(chat, claim)
  })
  await each(async (chat) => {
    const claim = claims.get(chat)
    if (claim?.started === undefined || chat % 2 === 0) return
    const purpose = { kind: 'look_up', chat: { claim, eventSeq: claim.started.seq } } as const
    const opening = await ledger.open(purpose, { method: 'GET', path: `/customers/${chat % 5}` })
    if (opening.kind !== 'opened') return
    const customer = { id: chat % 5, profile: { name: 'Olena' }, knownRevision: undefined }
    replies.set(chat, replyTo(opening.call, { kind: 'keep', customer }))
  })
  for (const chat of CHATS) {
    const what = MEANWHILE[chat % MEANWHILE.length] ?? 'SELECT'
    await sql(what, what.includes('$1') ? [chat] : [])
  }
  await each(async (chat) => {
    const claim = claims.get(chat)
    if (claim?.started === undefined) return
    const kind = KINDS[Math.floor(chat / MEANWHILE.length) % KINDS.length]
    const drawn = { ...decision, ...kind }
    const isReady = drawn.outcome === 'pending' && drawn.stateAgeMs !== undefined
    const along = { reply: replies.get(chat), move: isReady ? MOVE : undefined }
    const recorded = await journal.record(claim, claim.started, drawn, along)
    if (recorded === undefined) return along.reply && void (await ledger.close(along.reply))
    if (recorded.opened === undefined) return
    const pending = { id: recorded.decisionId, departmentId: 10 }
    const ending = { outcome: 'applied', reason: undefined, departmentFrom: undefined } as const
    settlements.set(chat, [recorded.opened, { claim, pending, ...ending }])
  })
  await each(async (chat) => {
    const [call, settlement] = settlements.get(chat) ?? []
    if (call && settlement) await ledger.close(replyTo(call, { kind: 'settle', settlement }))
  })
  return {
    chats: await sql(`SELECT id, fence, claimed_by, original_department_id, original_known, routed_department_id,
      pending_decision_id IS NOT NULL AS is_pending, pending_priority, tries, state_seen_at IS NOT NULL AS is_seen FROM chats ORDER BY id`),
    events: await sql(
      'SELECT id, status, starts, finished_at IS NOT NULL AS has_ended FROM webhook_events ORDER BY id',
    ),
    decisions:
      await sql(`SELECT chat_id, outcome, reason, from_department_id, to_department_id, facts, open_lookups, customer_id
      FROM decisions ORDER BY chat_id`),
    attempts:
      await sql(`SELECT e.id, a.number, a.method, a.path, a.status, a.body FROM attempts a JOIN webhook_events e ON e.seq = a.event_seq
      ORDER BY e.id, a.number`),
    customers: await sql('SELECT id, profile, revision FROM customers ORDER BY id'),
    jobs: await sql('SELECT key FROM graphile_worker._private_jobs ORDER BY key'),
    slots: await sql(`SELECT count(*)::int FROM budget_slots WHERE used_at > 'epoch'`),
  }
}

test('what chats do together leaves behind what each would have done by itself', async (t) => {
  const [shared, alone] = [await layGround(t), await layGround(t)]
  const left = await goThrough(shared, together)
  t.strictSame(left, await goThrough(alone, oneByOne))
  t.equal(new Set(left.decisions.map(({ outcome }) => outcome)).size, 3, 'applied, pending, no_match')
  t.ok(left.attempts.length > 9 && left.customers.length > 1 && left.jobs.length > 0)
  t.ok(shared.statements() <= 12, `${shared.statements()} statements where ${alone.statements()} are needed one by one`)
})

test('of two who claim the same chat at the same moment one gets it', async (t) => {
  const { journal } = await layGround(t)
  const claims = await Promise.all([journal.claimNext(40), journal.claimNext(39), journal.claimNext(40)])
  t.match(claims, [{ chatId: 40, started: { id: '40' } }, { chatId: 39 }, undefined])
})

test('no move is opened along with a decision when its chat has been seen too long ago by then', async (t) => {
  const { sql, journal } = await layGround(t)
  const claim = await journal.claimNext(40)
  if (claim?.started === undefined) return t.fail('nothing was started')
  const along = { reply: undefined, move: { ...MOVE, freshForMs: -1 } }
  t.match(await journal.record(claim, claim.started, decision, along), { isQueued: false, opened: undefined })
  t.strictSame(await sql('SELECT FROM attempts'), [])
})

test('a settlement reads no other decision that is pending', async (t) => {
  const { sql, journal, query } = await layGround(t)
  await sql(`WITH e AS (
      INSERT INTO webhook_events (id, type, chat_id, status, body, happened_at)
      SELECT 'other ' || n, 'chat.new', 1000 + n, 'done', '{}', now() FROM generate_series(1, 500) AS n RETURNING seq, chat_id
    ) INSERT INTO decisions (event_seq, event_type, chat_id, outcome, mode, facts, ruleset_version, happened_at, received_at)
    SELECT seq, 'chat.new', chat_id, 'applied', 'live', '{}', 1, now(), now() FROM e`)
  await sql('ANALYZE')
  await sql("UPDATE decisions SET outcome = 'pending'") // since when Postgres thinks that none is
  const claim = await journal.claimNext(40)
  if (claim?.started === undefined) return t.fail('nothing was started')
  const recorded = await journal.record(claim, claim.started, decision, { reply: undefined, move: MOVE })
  if (recorded?.opened === undefined) return t.fail('no move was opened')
  const settlement = { claim, pending: { id: recorded.decisionId, departmentId: 10 }, outcome: 'applied' } as const
  const plans: Plan[] = []
  const explain: Query = async ([first, ...strings], ...values) => {
    const [row] = await query<PlanRow>([`EXPLAIN (ANALYZE, FORMAT JSON) ${first}`, ...strings], ...values)
    plans.push(...(row?.['QUERY PLAN'] ?? []).flatMap(({ Plan: plan }) => everyNode(plan)))
    return []
  }
  const followUp = {
    kind: 'settle',
    settlement: { ...settlement, reason: undefined, departmentFrom: undefined },
  } as const
  await createCallLedger(explain, createSharing()).close(replyTo(recorded.opened, followUp))
  const read = plans.filter((node) => node['Relation Name'] === 'decisions' && node['Node Type'].endsWith('Scan'))
  t.match(read, [{ 'Actual Rows': 1, 'Actual Loops': 1 }])
  t.match(await sql('SELECT outcome FROM decisions WHERE chat_id = 40'), [{ outcome: 'applied' }])
})

test("an erasure and the settlement of several of the customer's decisions do not wait for each other", async (t) => {
  const { sql, journal, ledger, records } = await layGround(t)
  const closings: Reply[] = []
  for (const chat of [36, 31]) {
    // The decision of the later chat is the older one.
    const claim = await journal.claimNext(chat)
    if (claim?.started === undefined) return t.fail('nothing was started')
    const recorded = await journal.record(claim, claim.started, decision, { reply: undefined, move: MOVE })
    if (recorded?.opened === undefined) return t.fail('no move was opened')
    const pending = { id: recorded.decisionId, departmentId: 10 }
    const settlement = { claim, pending, outcome: 'applied', reason: undefined, departmentFrom: undefined } as const
    closings.push(replyTo(recorded.opened, { kind: 'settle', settlement }))
  }
  await sql('UPDATE webhook_events SET erased_at = now() WHERE customer_id = 1')
  // Each row is locked before its trigger, and so for long enough that the other gets to the other row.
  await sql(
    `CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.3); RETURN NEW; END'`,
  )
  await sql('CREATE TRIGGER dawdle BEFORE UPDATE ON decisions FOR EACH ROW EXECUTE FUNCTION dawdle()')
  const scope = { customerId: 1, chatIds: [], emails: [], upTo: 1000n }
  const erasing = records.eraseDecisions(scope).then((count) => count) // Prisma begins when somebody waits
  await until('the erasure has locked a row', async () => {
    const [row] = await sql<{ n: number }>(
      "SELECT count(*)::int AS n FROM pg_stat_activity WHERE wait_event = 'PgSleep'",
    )
    return row?.n === 1
  })
  const [erased, ...settled] = await Promise.all([erasing, ...closings.map((reply) => ledger.close(reply))])
  t.equal(erased, 2)
  t.strictSame(settled, [true, true])
  t.match(await sql('SELECT outcome, facts FROM decisions'), Array(2).fill({ outcome: 'applied', facts: {} }))
})

interface Plan {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly Plans?: readonly Plan[]
}

interface PlanRow {
  readonly 'QUERY PLAN': readonly { readonly Plan: Plan }[]
}

function everyNode(plan: Plan): Plan[] {
  return [plan, ...(plan.Plans ?? []).flatMap(everyNode)]
}
