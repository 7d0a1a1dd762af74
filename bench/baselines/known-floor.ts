import type pg from 'pg'
import type { Facts } from '../../src/domain/facts.ts'
import type { ChatEvent } from './by-hand.ts'
import { shared } from './shared-statement.ts'

export const TAKE_SLOTS = `slots AS (
    SELECT slot, row_number() OVER () AS n FROM (
      SELECT slot FROM budget_slots WHERE used_at <= statement_timestamp() - interval '61 s'
      ORDER BY used_at LIMIT (SELECT count(*) FROM t) FOR UPDATE SKIP LOCKED
    ) AS free
  ), taken AS (
    UPDATE budget_slots AS b SET used_at = clock_timestamp() FROM slots WHERE b.slot = slots.slot RETURNING slots.n
  )`

interface Decided {
  readonly id: string
  readonly chat: number
  readonly customer: number
  readonly body: ChatEvent
  readonly facts: Facts
  readonly department: number
}

interface Recorded {
  readonly decision: string
  readonly attempt: string
  readonly job: string
  readonly fence: string
}

/**
 * The least that has to be on disk before the move of a customer who is known: webhook, claim, decision, a call of the budget, and
 * a job for whoever takes it up after a crash. It is one statement, of a decision that was made before anything was stored.
 */
export function recordingAtOnce(pool: pg.Pool): (decided: Decided) => Promise<Recorded> {
  return shared(pool, 'recordAtOnce', STATEMENT)
}

const STATEMENT = `WITH t AS (
    SELECT *, row_number() OVER () AS n, nextval('webhook_events_seq_seq') AS seq, nextval('decisions_id_seq') AS decision
    FROM jsonb_to_recordset($1::jsonb) AS t (id text, chat bigint, customer bigint, body text, facts jsonb, department bigint)
  ), stored AS (
    INSERT INTO webhook_events (seq, id, type, chat_id, customer_id, status, body, happened_at, finished_at)
    SELECT seq, id, 'chat.new', chat, customer, 'done', convert_to(body, 'UTF8'), clock_timestamp(), clock_timestamp() FROM t
  ), jobs AS (
    SELECT t.id, j.id AS job FROM t, LATERAL graphile_worker.add_job('apply_decision', json_build_object('chatId', chat), NULL,
      now() + interval '1 min', 1, 'apply:' || chat, 25) AS j
  ), claimed AS (
    INSERT INTO chats AS c (id, fence, claimed_by, claimed_until, pending_decision_id, pending_priority, state_seen_at)
    SELECT chat, 1, 'floor', clock_timestamp() + interval '1 min', decision, 1, clock_timestamp() FROM t ORDER BY chat
    ON CONFLICT (id) DO UPDATE SET fence = c.fence + 1, claimed_by = excluded.claimed_by,
      pending_decision_id = excluded.pending_decision_id
    RETURNING c.id AS chat, c.fence
  ), ${TAKE_SLOTS}, decided AS (
    INSERT INTO decisions (id, event_seq, event_type, chat_id, customer_id, outcome, mode, rule_key, rule_version, to_department_id,
      facts, open_lookups, ruleset_version, happened_at, received_at)
    SELECT decision, seq, 'chat.new', chat, customer, 'pending', 'live', 'a-rule', 1, department, facts, '{}', 1, now(), now() FROM t
  ), opened AS (
    INSERT INTO attempts (event_seq, number, method, path, at)
    SELECT seq, 1, 'PUT', '/chats/department', clock_timestamp() FROM t JOIN taken USING (n) RETURNING event_seq AS seq, id AS attempt
  )
  SELECT id, decision, attempt, job, fence FROM t JOIN opened USING (seq) JOIN jobs USING (id) JOIN claimed USING (chat)`
