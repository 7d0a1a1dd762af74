import type { CustomerProfile } from '../../domain/customer-profile.ts'
import { NOT_YET_MS_MAX } from '../../domain/retry-policy.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import type { KnownCustomer, WaitingEvent } from '../../services/waiting-event.ts'
import { eventJobKey } from './jobs.ts'
import {
  RECENT_MOVES,
  RECORD_COLUMNS,
  type RecordRow,
  readRecord,
  readRetry,
  TAKES_OVER,
  toNumber,
} from './routing-record.ts'
import { BODY_TEXT, msSince } from './sql.ts'

/**
 * An event's place among those of its chat. HelpCrunch's clock counts seconds, and nobody outside knows which event it makes first,
 * a new chat's or its first message's: a new chat counts as older by as much as its message would wait for it.
 */
export function placeOf(happenedAt: string, type: string): Prisma.Sql {
  return Prisma.raw(
    `${happenedAt} - CASE ${type} WHEN 'chat.new' THEN interval '${NOT_YET_MS_MAX} ms' ELSE interval '0' END`,
  )
}

/**
 * The statement that counts one more start of the oldest waiting event of each of these chats, given by `id`; it gives the events'
 * rows. One that was put off is left until its time, and with it those after it: else each of these would make its look-up again.
 */
export function startOldest(chats: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`
    UPDATE webhook_events e SET starts = e.starts + 1, customer_id = coalesce(e.customer_id, (
      -- An event that does not name its customer: as another one of the chat has it.
      SELECT o.customer_id FROM webhook_events o WHERE o.chat_id = e.chat_id AND o.customer_id IS NOT NULL ORDER BY o.seq DESC LIMIT 1
    ))
    FROM (
      SELECT oldest.* FROM ${chats} AS chat, LATERAL (
        SELECT seq, status FROM webhook_events WHERE chat_id = chat.id AND status = 'waiting'
        ORDER BY ${placeOf('happened_at', 'type')}, seq LIMIT 1
      ) AS oldest WHERE NOT EXISTS (
        SELECT FROM graphile_worker._private_jobs j
        WHERE j.key = ${eventJobKey(Prisma.sql`oldest.seq`)} AND j.flags IS NOT NULL AND j.run_at > clock_timestamp()
      ) ORDER BY oldest.seq
    ) AS oldest
    WHERE e.seq = oldest.seq AND e.status = oldest.status -- a joined value, no constant: the planner would take the index of those that wait, and misjudges how many do
    RETURNING e.*`
}

/** What is read of a started event `e`, its chat `c`, its customer `u` and the chat's pending decision `p`. */
export const STARTED_COLUMNS = Prisma.sql`e.seq, e.id, e.type, ${BODY_TEXT}, e.happened_at, e.starts, e.customer_id,
  ${msSince('e.received_at')} AS age_ms, (extract(epoch FROM e.received_at - e.happened_at) * 1000)::float8 AS late_ms,
  u.profile, u.revision, u.fetched_at IS NOT NULL AS is_complete,
  ${msSince('coalesce(u.fetched_at, u.learned_at)')} AS customer_age_ms,
  EXISTS (
    SELECT FROM decisions n WHERE n.chat_id = e.chat_id AND n.outcome IN ${TAKES_OVER}
      AND (${placeOf('n.happened_at', 'n.event_type')} > ${placeOf('e.happened_at', 'e.type')}
        OR n.happened_at = e.happened_at AND e.type = 'chat.new') -- once more, with another id
  ) AS is_overtaken,
  e.type <> 'chat.new' AND NOT EXISTS (
    SELECT FROM webhook_events n WHERE n.chat_id = e.chat_id AND n.type = 'chat.new'
  ) AS is_ahead_of_chat,
  (SELECT to_department_id FROM decisions s WHERE s.chat_id = e.chat_id AND s.outcome = 'shadow' ORDER BY s.id DESC LIMIT 1) AS shadow_department_id,
  ${RECORD_COLUMNS}, ${RECENT_MOVES} AS recent_moves, (SELECT version FROM ruleset_head) AS ruleset_version,
  (SELECT changed_at FROM ruleset_head) AS ruleset_changed_at`
export const STARTED_JOINS = Prisma.sql`LEFT JOIN customers u ON u.id = e.customer_id
  LEFT JOIN decisions p ON p.id = c.pending_decision_id`

/** What the columns above give. */
export interface StartedRow extends RecordRow {
  seq: bigint
  id: string
  type: string
  body: string
  happened_at: Date
  starts: number
  customer_id: bigint | null
  age_ms: number
  late_ms: number
  profile: CustomerProfile | null // only ever written from that schema
  revision: number | null
  is_complete: boolean
  customer_age_ms: number | null
  is_overtaken: boolean
  is_ahead_of_chat: boolean
  shadow_department_id: bigint | null
  recent_moves: number[]
  ruleset_version: number
  ruleset_changed_at: Date
}

/** A row of nothing but nulls. */
export interface NotStarted {
  seq: null
}

export function isStarted<Row extends { seq: bigint | null }>(row: Row): row is Exclude<Row, NotStarted> {
  return row.seq !== null
}

export function readStarted(row: StartedRow): WaitingEvent {
  return {
    seq: row.seq,
    id: row.id,
    type: row.type,
    body: row.body,
    happenedAt: row.happened_at,
    ageMs: row.age_ms,
    lateMs: row.late_ms,
    starts: row.starts,
    customerId: toNumber(row.customer_id) ?? undefined,
    customer: readKnownCustomer(row),
    record: readRecord(row),
    recentMoves: row.recent_moves,
    isOvertaken: row.is_overtaken,
    isAheadOfChat: row.is_ahead_of_chat,
    shadowDepartmentId: toNumber(row.shadow_department_id) ?? undefined,
    retry: readRetry(row),
    ruleset: { version: row.ruleset_version, changedAt: row.ruleset_changed_at },
  }
}

function readKnownCustomer(row: StartedRow): KnownCustomer | undefined {
  const { profile, revision, is_complete, customer_age_ms } = row
  if (profile === null || revision === null || customer_age_ms === null) return undefined
  return { profile, revision, isComplete: is_complete, ageMs: customer_age_ms }
}
