import type { PrismaClient } from '../../generated/prisma/client.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import type { OldRecords } from '../../services/age-out.ts'
import { addAgeOutJob } from './jobs.ts'

/** Few enough that nobody waits for their locks, and that a statement ends far below its time limit. */
const ROWS_MAX = 500

interface RoundRow {
  deleted: number
  last_seq: bigint | null
  passed: number
}

/** Deletes from the oldest end. Events come in the order of their age, so no index on a time is needed to find them. */
export function createOldRecords(prisma: PrismaClient): OldRecords {
  return {
    async deleteEvents(days, after) {
      const [row] = await prisma.$queryRaw<RoundRow[]>`
        WITH oldest AS (
          -- What was received while the clock was ahead says nothing of the age of what comes after it.
          SELECT seq, ${isOlder('received_at', days)} AS is_old, received_at > clock_timestamp() AS is_ahead
          FROM webhook_events WHERE seq > ${after}
          ORDER BY seq LIMIT ${ROWS_MAX}
        ), ended AS (
          -- Waiting events keep what they need, however old; the call of a pending decision is still to come.
          SELECT e.seq FROM webhook_events e
          WHERE e.seq IN (SELECT seq FROM oldest WHERE is_old) AND e.status <> 'waiting'
            AND NOT EXISTS (SELECT FROM decisions d WHERE d.event_seq = e.seq AND d.outcome = 'pending')
          FOR UPDATE SKIP LOCKED
        ), calls AS (
          DELETE FROM attempts WHERE id IN (
            -- As an erasure locks them, in order.
            SELECT id FROM attempts WHERE event_seq IN (SELECT seq FROM ended) ORDER BY id FOR UPDATE
          )
        ), decisions AS (
          -- One that a person set going again at this very moment stays, and with it, by its foreign key, its event.
          DELETE FROM decisions d WHERE d.outcome <> 'pending' AND d.id IN (
            SELECT id FROM decisions WHERE event_seq IN (SELECT seq FROM ended) ORDER BY id FOR UPDATE
          )
        ), events AS (
          DELETE FROM webhook_events WHERE seq IN (SELECT seq FROM ended) RETURNING seq
        )
        SELECT (SELECT count(*)::int FROM events) AS deleted, max(seq) AS last_seq, count(*) FILTER (WHERE is_old OR is_ahead)::int AS passed
        FROM oldest`
      const { deleted = 0, last_seq = null, passed = 0 } = row ?? {}
      return { deleted, lastSeq: last_seq ?? after, hasMore: passed === ROWS_MAX }
    },

    deleteCustomers: (days) => prisma.$executeRaw`
      DELETE FROM customers WHERE id IN (
        SELECT u.id FROM customers u
        WHERE (u.fetched_at IS NULL OR ${isOlder('u.fetched_at', days)})
          AND NOT EXISTS (SELECT FROM webhook_events e WHERE e.customer_id = u.id)
        LIMIT ${ROWS_MAX} FOR UPDATE SKIP LOCKED
      )`,

    deleteCalls: (days) => prisma.$executeRaw`
      DELETE FROM attempts WHERE id IN (
        SELECT id FROM attempts WHERE event_seq IS NULL AND ${isOlder('at', days)} LIMIT ${ROWS_MAX}
      )`,

    async scheduleNext(delayMs) {
      await prisma.$queryRaw`SELECT j.id FROM ${addAgeOutJob(delayMs, 'replace')} AS j`
    },
  }
}

/** Sees to it that the first run is scheduled; one that is scheduled already keeps its time. */
export async function scheduleAging(prisma: PrismaClient): Promise<void> {
  await prisma.$queryRaw`SELECT j.id FROM ${addAgeOutJob(FIRST_RUN_MS, 'preserve_run_at')} AS j`
}

/** A service that starts has other work. */
const FIRST_RUN_MS = 60_000

function isOlder(column: string, days: number): Prisma.Sql {
  return Prisma.sql`${Prisma.raw(column)} < clock_timestamp() - make_interval(days => ${days}::int)`
}
