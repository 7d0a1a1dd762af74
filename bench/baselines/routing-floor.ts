import pg from 'pg'
import type { Facts } from '../../src/domain/facts.ts'
import { type ApiReply, type ChatEvent, findDepartment, listen, lookUp, move } from './by-hand.ts'
import { recordingAtOnce, TAKE_SLOTS } from './known-floor.ts'
import { shared } from './shared-statement.ts'

// The floor of a service that writes all that ours writes, in the same tables with the same indexes: webhook and job, claim and
// fence, what is known of the customer, the decision, every call with its slot of the budget, opened before it is made and closed
// with its reply. Five statements, each shared by all that is under way. It begins at once, past the queue, looks at nothing that
// it has written, and knows the rules' one shape: nothing is taken up after a crash, put off, refused, or explained. Of a customer
// who was looked up before, one statement records everything.
const BY_INDEX = '-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off'
const pool = new pg.Pool({
  connectionString: process.env.DATABASE_URL,
  options: BY_INDEX,
  max: 10,
  idleTimeoutMillis: 0,
})
pool.on('error', () => {}) // the bench may take the database away first
await pool.query(
  "INSERT INTO budget_slots (slot, used_at) SELECT generate_series(1, 20000), 'epoch' ON CONFLICT DO NOTHING",
)

interface Stored {
  readonly seq: string
}
const store = shared<{ id: string; chat: number; customer: number; body: ChatEvent }, Stored>(
  pool,
  'store',
  `WITH stored AS (
    INSERT INTO webhook_events (id, type, chat_id, customer_id, status, body, happened_at)
    SELECT id, 'chat.new', chat, customer, 'waiting', convert_to(body, 'UTF8'), clock_timestamp()
    FROM jsonb_to_recordset($1::jsonb) AS t (id text, chat bigint, customer bigint, body text)
    ON CONFLICT (id) DO NOTHING RETURNING id, seq, chat_id
  ), jobs AS (
    SELECT j.id FROM (
      SELECT array_agg(('decide_events', json_build_object('chatId', chat_id), NULL, now(), 32000, 'event:' || seq, -20000,
        NULL)::graphile_worker.job_spec) AS specs FROM stored
    ) AS wanted, LATERAL graphile_worker.add_jobs(wanted.specs) AS j
  )
  SELECT id, seq, (SELECT count(*) FROM jobs) FROM stored`,
)

interface Claimed {
  readonly job: string
  readonly fence: string
}
const claim = shared<{ id: string; chat: number }, Claimed>(
  pool,
  'claim',
  `WITH t AS (SELECT * FROM jsonb_to_recordset($1::jsonb) AS t (id bigint, chat bigint)), locked AS (
    UPDATE graphile_worker._private_jobs AS j SET attempts = attempts + 1, locked_by = 'floor', locked_at = now()
    FROM t WHERE j.key = 'event:' || t.id RETURNING t.id, j.id AS job
  ), claimed AS (
    INSERT INTO chats AS c (id, fence, claimed_by, claimed_until)
    SELECT chat, 1, 'floor', clock_timestamp() + interval '1 min' FROM t ORDER BY chat
    ON CONFLICT (id) DO UPDATE SET fence = c.fence + 1, claimed_by = excluded.claimed_by RETURNING c.id, c.fence
  ), started AS (
    UPDATE webhook_events AS e SET starts = starts + 1 FROM t WHERE e.seq = t.id
  )
  SELECT t.id, job, fence FROM t JOIN locked USING (id) JOIN claimed ON claimed.id = t.chat`,
)

interface Opened {
  readonly attempt: string
}
const openLookUp = shared<{ id: string; chat: number; fence: string; path: string }, Opened>(
  pool,
  'openLookUp',
  `WITH t AS (
    SELECT *, row_number() OVER () AS n
    FROM jsonb_to_recordset($1::jsonb) AS t (id bigint, chat bigint, fence bigint, path text)
  ), ${TAKE_SLOTS}
  INSERT INTO attempts (event_seq, number, method, path, at) SELECT t.id, 1, 'GET', path, clock_timestamp()
  FROM t JOIN taken USING (n) JOIN chats AS c ON c.id = t.chat AND c.fence = t.fence RETURNING event_seq AS id, id AS attempt`,
)

interface Recorded extends Opened {
  readonly decision: string
}
interface Decision extends ApiReply, Opened {
  readonly id: string
  readonly chat: number
  readonly fence: string
  readonly customer: number
  readonly facts: object
  readonly department: number
}
const record = shared<Decision, Recorded>(
  pool,
  'record',
  `WITH t AS (
    SELECT *, row_number() OVER () AS n, nextval('decisions_id_seq') AS decision
    FROM jsonb_to_recordset($1::jsonb) AS t (id bigint, chat bigint, fence bigint, customer bigint, facts jsonb, department bigint,
      attempt bigint, status int, body text)
  ), ${TAKE_SLOTS}, done AS (
    UPDATE webhook_events AS e SET status = 'done', finished_at = clock_timestamp() FROM t WHERE e.seq = t.id
  ), known AS (
    INSERT INTO customers (id, profile, fetched_at) SELECT customer, facts, clock_timestamp() FROM t ON CONFLICT (id) DO NOTHING
  ), replied AS (
    UPDATE attempts AS a SET status = t.status, body = t.body, duration_ms = 1 FROM t WHERE a.id = t.attempt
  ), chat AS (
    UPDATE chats AS c SET pending_decision_id = t.decision, pending_priority = 1, state_seen_at = clock_timestamp()
    FROM t WHERE c.id = t.chat AND c.fence = t.fence
  ), decided AS (
    INSERT INTO decisions (id, event_seq, event_type, chat_id, customer_id, outcome, mode, rule_key, rule_version, to_department_id,
      facts, open_lookups, ruleset_version, happened_at, received_at)
    SELECT decision, id, 'chat.new', chat, customer, 'pending', 'live', 'a-rule', 1, department, facts, '{}', 1, now(), now() FROM t
  ), opened AS (
    INSERT INTO attempts (event_seq, number, method, path, at)
    SELECT t.id, 2, 'PUT', '/chats/department', clock_timestamp() FROM t JOIN taken USING (n) RETURNING event_seq, id
  )
  SELECT t.id, t.decision, opened.id AS attempt FROM t JOIN opened ON opened.event_seq = t.id`,
)

interface Settlement extends ApiReply, Recorded, Claimed {
  readonly id: string
  readonly chat: number
}
const settle = shared<Settlement>(
  pool,
  'settle',
  `WITH t AS (
    SELECT * FROM jsonb_to_recordset($1::jsonb) AS t (decision bigint, attempt bigint, status int, body text, job bigint, chat bigint,
      fence bigint)
  ), closed AS (
    UPDATE attempts AS a SET status = t.status, body = t.body, duration_ms = 1 FROM t WHERE a.id = t.attempt
  ), chat AS (
    UPDATE chats AS c SET pending_decision_id = NULL, claimed_by = NULL, claimed_until = NULL, routed_at = clock_timestamp()
    FROM t WHERE c.id = t.chat AND c.fence = t.fence
  ), job AS (
    DELETE FROM graphile_worker._private_jobs AS j USING t WHERE j.id = t.job
  )
  UPDATE decisions AS d SET outcome = 'applied', applied_at = clock_timestamp() FROM t WHERE d.id = t.decision`,
)

const recordAtOnce = recordingAtOnce(pool)

const known = new Map<number, Facts>()
const underWay = new Set<Promise<void>>()
await listen(
  async (event) => {
    const { chat_id: chat, customer } = event.eventData
    const facts = known.get(customer.id)
    const department = facts && (await findDepartment(facts))
    const stored = { id: event.id, chat, customer: customer.id, body: event }
    const routing = (
      facts === undefined || department === undefined
        ? route(event, (await store(stored)).seq)
        : moveRecorded(event, department, await recordAtOnce({ ...stored, facts, department }))
    ).finally(() => underWay.delete(routing))
    underWay.add(routing)
  },
  async () => {
    await Promise.allSettled(underWay)
    await pool.end()
  },
)

async function route(event: ChatEvent, seq: string): Promise<void> {
  const { chat_id: chat, customer } = event.eventData
  const claimed = await claim({ id: seq, chat })
  const held = { id: seq, chat, fence: claimed.fence }
  const look = await openLookUp({ ...held, path: `/customers/${customer.id}` })
  const facts = await lookUp(event)
  known.set(customer.id, facts)
  const department = await findDepartment(facts)
  if (department === undefined) return
  const told = { ...look, status: 200, body: JSON.stringify(facts) }
  const recorded = await record({ ...held, ...told, customer: customer.id, facts, department })
  await moveRecorded(event, department, { ...claimed, ...recorded })
}

async function moveRecorded(event: ChatEvent, department: number, recorded: Recorded & Claimed): Promise<void> {
  await settle({ ...recorded, id: event.id, chat: event.eventData.chat_id, ...(await move(event, department)) })
}
