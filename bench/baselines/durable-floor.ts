import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { type ChatEvent, findDepartment, listen, lookUp, move } from './by-hand.ts'
import { shared } from './shared-statement.ts'

// The floor of a service that keeps what it does: the event is on disk before the answer, the decision and its call before the
// call, the reply after it; three statements, each shared by all that is under way. Nothing takes up what a crash leaves behind,
// nothing keeps two events of a chat apart, nobody counts the calls of a minute.
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10, idleTimeoutMillis: 0 })
pool.on('error', () => {}) // the bench may take the database away first
await pool.query(`CREATE TABLE IF NOT EXISTS floor_events (id text PRIMARY KEY, body jsonb NOT NULL);
  CREATE TABLE IF NOT EXISTS floor_decisions (id uuid PRIMARY KEY, event_id text NOT NULL, facts jsonb NOT NULL,
    department bigint, outcome text NOT NULL, status int, body text, decided_at timestamptz NOT NULL, settled_at timestamptz)`)

const store = shared<{ id: string; body: ChatEvent }>(
  pool,
  'store',
  `INSERT INTO floor_events
  SELECT id, body FROM jsonb_to_recordset($1::jsonb) AS t (id text, body jsonb) ON CONFLICT DO NOTHING`,
)
const record = shared<{
  id: string
  event: string
  facts: object
  department: number | null
}>(
  pool,
  'record',
  `INSERT INTO floor_decisions
  (id, event_id, facts, department, outcome, decided_at)
  SELECT id, event, facts, department, CASE WHEN department IS NULL THEN 'no_match' ELSE 'pending' END, clock_timestamp()
  FROM jsonb_to_recordset($1::jsonb) AS t (id uuid, event text, facts jsonb, department bigint)`,
)
const settle = shared<{ id: string; status: number; body: string }>(
  pool,
  'settle',
  `UPDATE floor_decisions AS d
  SET outcome = 'applied', status = t.status, body = t.body, settled_at = clock_timestamp()
  FROM jsonb_to_recordset($1::jsonb) AS t (id uuid, status int, body text) WHERE d.id = t.id`,
)

await listen(
  async (event) => {
    await store({ id: event.id, body: event })
    void route(event)
  },
  () => pool.end(),
)

async function route(event: ChatEvent): Promise<void> {
  const facts = await lookUp(event)
  const [id, department] = [randomUUID(), await findDepartment(facts)]
  await record({ id, event: event.id, facts, department: department ?? null })
  if (department !== undefined) await settle({ id, ...(await move(event, department)) })
}
