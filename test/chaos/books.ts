import { setTimeout as sleep } from 'node:timers/promises'
import { TASKS } from '../../src/adapters/prisma/jobs.ts'
import type { Statement } from '../support/postgres.ts'
import type { Stage } from './scenario.ts'

/** What the database holds of the events that were acknowledged. */
export interface Books {
  readonly acked: number
  /** Acknowledged, and not in the database. */
  readonly lost: number
  /** Without a final decision, or with none. */
  readonly undecided: number
  /** Decisions beyond the first of an event. */
  readonly multiple: number
}

/** Compares what was acknowledged with what is stored and decided. */
export async function compareBooks(sql: Statement, acked: readonly string[]): Promise<Books> {
  const [row] = await sql<{ stored: number; settled: number; multiple: number }>(
    `SELECT count(DISTINCT e.seq)::int AS stored,
      count(DISTINCT d.event_seq) FILTER (WHERE d.outcome <> 'pending')::int AS settled,
      (count(d.id) - count(DISTINCT d.event_seq))::int AS multiple
    FROM webhook_events e LEFT JOIN decisions d ON d.event_seq = e.seq WHERE e.id = ANY ($1)`,
    [acked],
  )
  const { stored = 0, settled = 0, multiple = 0 } = row ?? {}
  return { acked: acked.length, lost: acked.length - stored, undecided: acked.length - settled, multiple }
}

/** Open work that no job in the queue would ever come back to, at this moment. */
export async function countWithoutJob(sql: Statement): Promise<number> {
  const [row] = await sql<{ count: number }>(
    `WITH jobs AS (
      SELECT (coalesce(chat.value, j.payload) ->> 'chatId')::bigint AS chat_id, t.identifier AS task
      FROM graphile_worker._private_jobs j JOIN graphile_worker._private_tasks t ON t.id = j.task_id
      LEFT JOIN LATERAL json_array_elements(CASE json_typeof(j.payload) WHEN 'array' THEN j.payload END) AS chat ON true
    )
    SELECT ((SELECT count(*) FROM webhook_events e WHERE e.status = 'waiting' AND e.chat_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM jobs j WHERE j.task IN ('decide_events', 'decide_batch') AND j.chat_id = e.chat_id))
      -- The job that decided makes the call, too.
      + (SELECT count(*) FROM chats c WHERE c.pending_decision_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM jobs j WHERE j.chat_id = c.id)))::int AS count`,
  )
  return row?.count ?? Number.NaN
}

/** Events that wait, and decisions that are not final. */
export async function countOpen(sql: Statement): Promise<number> {
  const [row] = await sql<{ open: number }>(
    `SELECT ((SELECT count(*) FROM webhook_events WHERE status = 'waiting')
      + (SELECT count(*) FROM decisions WHERE outcome = 'pending'))::int AS open`,
  )
  return row?.open ?? Number.NaN
}

/** Looks so often; an open connection, so it costs little. */
const LOOK_MS = 50
const DRAIN_MS_MAX = 180_000

/**
 * Waits until no work is open and gives the seconds that took; after three minutes it gives up, and says Infinity. In the quick
 * form nobody waits until what has failed is tried again.
 */
export async function drain(stage: Stage, sql: Statement): Promise<number> {
  const startedAt = performance.now()
  for (;;) {
    if (stage.isQuick) await hurry(sql)
    const drainMs = performance.now() - startedAt
    if ((await countOpen(sql)) === 0) return drainMs / 1_000
    if (drainMs > DRAIN_MS_MAX) return Number.POSITIVE_INFINITY
    await sleep(LOOK_MS)
  }
}

/** All work that was put off is due now. */
export async function hurry(sql: Statement): Promise<void> {
  await sql(
    `UPDATE graphile_worker._private_jobs SET run_at = now() WHERE id IN (
      SELECT id FROM graphile_worker._private_jobs
      WHERE run_at > now() AND locked_at IS NULL AND key IS DISTINCT FROM '${TASKS.ageOut}' FOR UPDATE SKIP LOCKED)`,
  )
}
