import { Prisma } from '../../generated/prisma/client.ts'
import type { ApiRequest } from '../../services/call-ledger.ts'

/** A call made at second 0 may reach HelpCrunch late: a second of grace keeps any 60 of its seconds within the budget. */
export const WINDOW = Prisma.sql`interval '61 s'`
/** Of a slot of the budget, that a call may take it. */
export const IS_FREE = Prisma.sql`used_at <= statement_timestamp() - ${WINDOW}`

/** Which slots of the budget a call takes. */
export interface SlotChoice {
  readonly condition: Prisma.Sql
  readonly wanted: 1 | 2
  /** What to do with a slot that somebody else has locked. */
  readonly whenLocked: 'skip' | 'wait'
}

/** Steps of a statement: `taken` is the slots, `opened` the row of the attempt; neither has a row unless there were enough. */
export function openingSteps(
  { condition, wanted, whenLocked }: SlotChoice,
  eventSeq: bigint | null,
  { method, path }: Pick<ApiRequest, 'method' | 'path'>,
): Prisma.Sql {
  const count = Prisma.raw(String(wanted)) // as a number of the statement's text, so that one plan fits
  return Prisma.sql`slot AS (
      SELECT slot FROM budget_slots WHERE ${condition}
      ORDER BY used_at LIMIT ${count} FOR UPDATE ${whenLocked === 'skip' ? Prisma.sql`SKIP LOCKED` : Prisma.empty}
    ), taken AS (
      -- Of two that look at the same moment, one may get less than it saw; a look without its move would be made again.
      UPDATE budget_slots b SET used_at = clock_timestamp() FROM slot
      WHERE b.slot = slot.slot AND (SELECT count(*) FROM slot) = ${count} RETURNING b.slot, b.used_at
    ), opened AS (
      INSERT INTO attempts (event_seq, number, method, path, at)
      SELECT ${eventSeq}::bigint, 1 + (SELECT count(*) FROM attempts WHERE event_seq = ${eventSeq}::bigint),
        ${method}, ${path}, clock_timestamp()
      FROM (SELECT min(slot) AS slot FROM taken) AS t WHERE slot IS NOT NULL RETURNING id, number
    )`
}

/**
 * Steps of a statement that open calls for the rows of `ready` (`event`, `method`, `path`, those of higher `priority` first), for so
 * many of them as `limit` says and slots are free: `opened` is the rows of their attempts. None while the account is paused.
 */
export function openingTogether(limit: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`slot AS (
      SELECT slot FROM budget_slots WHERE ${IS_FREE} AND EXISTS (SELECT FROM helpcrunch_account WHERE paused_until IS NULL)
      ORDER BY used_at LIMIT ${limit} FOR UPDATE SKIP LOCKED
    ), taken AS (
      UPDATE budget_slots b SET used_at = clock_timestamp()
      FROM (
        -- Each takes the slot in its place of an array: to join them would be to read all slots for each.
        SELECT ready.*, (SELECT array_agg(slot) FROM slot)[row_number() OVER (ORDER BY priority DESC, event)] AS slot FROM ready
      ) AS r WHERE b.slot = r.slot RETURNING r.event, r.method, r.path
    ), opened AS (
      INSERT INTO attempts (event_seq, number, method, path, at)
      SELECT event, 1 + (SELECT count(*) FROM attempts WHERE event_seq = taken.event), method, path, clock_timestamp()
      FROM taken RETURNING id, number, event_seq
    )`
}
