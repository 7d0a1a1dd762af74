import type { RoutingRecord } from '../../domain/decide.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import type { RetryState } from '../../services/waiting-event.ts'

/** What the columns below give. */
export interface RecordRow {
  original_known: boolean
  original_department_id: bigint | null
  routed_department_id: bigint | null
  pending_department_id: bigint | null
  tried_department_ids: number[]
  tries: number
  elapsed_ms: number | null
}

/**
 * Our own record of a chat, from `chats c` and `decisions p`, its pending decision. What a decision that was overtaken has begun may
 * have been done, and nobody has looked: only the call of one that is pending is made again. OFFSET: calls are looked for decision by
 * decision, however few there seem to be.
 */
export const RECORD_COLUMNS = Prisma.sql`c.original_known, c.original_department_id, c.routed_department_id,
  p.to_department_id AS pending_department_id, c.tries,
  (extract(epoch FROM clock_timestamp() - c.tried_since) * 1000)::float8 AS elapsed_ms, -- below zero when the clock was set back, which is no reason to give up
  ARRAY(SELECT d.to_department_id FROM decisions d WHERE d.chat_id = c.id AND (d.outcome = 'pending' OR d.reason = 'already_routed')
    AND EXISTS (SELECT FROM attempts a WHERE a.event_seq = d.event_seq AND a.method = 'PUT' OFFSET 0))::float8[] AS tried_department_ids`

/** The outcomes of a decision that has said where its chat belongs: an older one has nothing to say any more. */
export const TAKES_OVER = Prisma.sql`('pending', 'applied', 'unchanged')`

/** Where we have moved the chat of `chats c` during the last ten minutes; a time to come counts as in `msSince`. */
export const RECENT_MOVES = Prisma.sql`ARRAY(SELECT d.to_department_id FROM decisions d WHERE d.chat_id = c.id AND d.outcome = 'applied'
  AND d.applied_at BETWEEN clock_timestamp() - interval '10 min' AND clock_timestamp() + interval '10 min')::float8[]`

export function readRecord(row: RecordRow): RoutingRecord {
  return {
    originalDepartmentId: row.original_known ? toNumber(row.original_department_id) : undefined,
    routedDepartmentId: toNumber(row.routed_department_id) ?? undefined,
    pendingDepartmentId: toNumber(row.pending_department_id) ?? undefined,
    triedDepartmentIds: row.tried_department_ids,
  }
}

export function readRetry({ tries, elapsed_ms }: RecordRow): RetryState {
  return { tries, elapsedMs: elapsed_ms ?? 0 }
}

/** HelpCrunch's ids are safe integers when they come in; Postgres gives them back as bigint. */
export function toNumber(id: bigint): number
export function toNumber(id: bigint | null): number | null
export function toNumber(id: bigint | null): number | null {
  return id === null ? null : Number(id)
}
