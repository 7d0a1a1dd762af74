import pg from 'pg'
import { type ApiReply, type ChatEvent, findDepartment, listen, lookUp, move } from './by-hand.ts'
import { shared } from './shared-statement.ts'

// The floor of a service that keeps all that ours tells afterwards, in the same tables with the same indexes: the webhook, what
// is known of the customer, the decision, and every call, opened before it is made and closed with its reply. Five statements,
// each shared by all that is under way. As with the other floor there is no queue, no claim, no fence and no budget.
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10, idleTimeoutMillis: 0 })
pool.on('error', () => {}) // the bench may take the database away first

interface Stored {
  readonly seq: string
}
const store = shared<{ id: string; chat: number; customer: number; body: ChatEvent }, Stored>(
  pool,
  'store',
  `INSERT INTO webhook_events (id, type, chat_id, customer_id, status, body, happened_at)
  SELECT id, 'chat.new', chat, customer, 'waiting', convert_to(body, 'UTF8'), clock_timestamp()
  FROM jsonb_to_recordset($1::jsonb) AS t (id text, chat bigint, customer bigint, body text) RETURNING id, seq`,
)

interface Opened {
  readonly attempt: string
}
const openLookUp = shared<{ id: string; path: string }, Opened>(
  pool,
  'openLookUp',
  `INSERT INTO attempts (event_seq, number, method, path, at) SELECT id, 1, 'GET', path, clock_timestamp()
  FROM jsonb_to_recordset($1::jsonb) AS t (id bigint, path text) RETURNING event_seq AS id, id AS attempt`,
)
const closeLookUp = shared<{ id: string; attempt: string; customer: number; profile: object } & ApiReply>(
  pool,
  'closeLookUp',
  `WITH t AS (
    SELECT * FROM jsonb_to_recordset($1::jsonb) AS t (attempt bigint, customer bigint, profile jsonb, status int, body text)
  ), known AS (
    INSERT INTO customers (id, profile, fetched_at) SELECT customer, profile, clock_timestamp() FROM t ON CONFLICT (id) DO NOTHING
  )
  UPDATE attempts AS a SET status = t.status, body = t.body, duration_ms = 1 FROM t WHERE a.id = t.attempt`,
)

interface Recorded extends Opened {
  readonly decision: string
}
const record = shared<{ id: string; chat: number; customer: number; facts: object; department: number }, Recorded>(
  pool,
  'record',
  `WITH t AS (
    SELECT * FROM jsonb_to_recordset($1::jsonb) AS t (id bigint, chat bigint, customer bigint, facts jsonb, department bigint)
  ), done AS (
    UPDATE webhook_events AS e SET status = 'done', finished_at = clock_timestamp() FROM t WHERE e.seq = t.id
  ), decided AS (
    INSERT INTO decisions (event_seq, event_type, chat_id, customer_id, outcome, mode, rule_key, rule_version, to_department_id, facts,
      open_lookups, ruleset_version, happened_at, received_at)
    SELECT id, 'chat.new', chat, customer, 'pending', 'live', 'a-rule', 1, department, facts, '{}', 1, now(), now() FROM t
    RETURNING event_seq, id
  ), opened AS (
    INSERT INTO attempts (event_seq, number, method, path, at) SELECT id, 2, 'PUT', '/chats/department', clock_timestamp() FROM t
    RETURNING event_seq, id
  )
  SELECT event_seq AS id, decided.id AS decision, opened.id AS attempt FROM decided JOIN opened USING (event_seq)`,
)
const settle = shared<{ id: string; attempt: string } & ApiReply>(
  pool,
  'settle',
  `WITH t AS (
    SELECT * FROM jsonb_to_recordset($1::jsonb) AS t (id bigint, attempt bigint, status int, body text)
  ), closed AS (
    UPDATE attempts AS a SET status = t.status, body = t.body, duration_ms = 1 FROM t WHERE a.id = t.attempt
  )
  UPDATE decisions AS d SET outcome = 'applied', applied_at = clock_timestamp() FROM t WHERE d.id = t.id`,
)

await listen(
  async (event) => {
    const { chat_id: chat, customer } = event.eventData
    const { seq } = await store({ id: event.id, chat, customer: customer.id, body: event })
    void route(event, seq)
  },
  () => pool.end(),
)

async function route(event: ChatEvent, seq: string): Promise<void> {
  const { chat_id: chat, customer } = event.eventData
  const look = await openLookUp({ id: seq, path: `/customers/${customer.id}` })
  const facts = await lookUp(event)
  const reply = { status: 200, body: JSON.stringify(facts) }
  await closeLookUp({ id: seq, ...look, customer: customer.id, profile: facts, ...reply })
  const department = await findDepartment(facts)
  if (department === undefined) return
  const { decision, attempt } = await record({ id: seq, chat, customer: customer.id, facts, department })
  await settle({ id: decision, attempt, ...(await move(event, department)) })
}
