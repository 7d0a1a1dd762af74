import type { PrismaClient } from '../../generated/prisma/client.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import type { Log } from '../../services/log.ts'

/** A clock that is slowed down or set by less holds nobody up for long. */
const AHEAD = Prisma.sql`clock_timestamp() + interval '1 s'`

/**
 * What is marked with a time to come was marked before the clock of Postgres was set back, or a standby took over whose clock is behind.
 * Jobs would wait, the budget be used up and a pause last for as long as that. So the marks move back together until the last of them
 * is of now: their order and what they had to wait stay.
 */
export async function correctTimes(prisma: PrismaClient, log: Log): Promise<void> {
  const aheadMs = Math.max(await correctCalls(prisma), await correctJobs(prisma))
  if (aheadMs > 0) log.warn({ aheadMs: Math.round(aheadMs) }, 'database.clock_set_back')
}

interface CorrectedRow {
  ahead_ms: number
}

/** Gives how far calls were ahead. A pause follows the call that it comes from, so it moves with them unless it began after the step. */
async function correctCalls(prisma: PrismaClient): Promise<number> {
  const rows = await prisma.$queryRaw<CorrectedRow[]>`
    WITH ahead AS (
      SELECT max(used_at) AS last, max(used_at) - clock_timestamp() AS by FROM budget_slots
    ), calls AS (
      UPDATE budget_slots SET used_at = used_at - ahead.by FROM ahead
      WHERE slot IN (SELECT slot FROM budget_slots WHERE used_at > ${AHEAD} ORDER BY slot FOR UPDATE SKIP LOCKED)
      RETURNING ahead.by
    ), account AS (
      UPDATE helpcrunch_account SET paused_until = paused_until - ahead.by FROM ahead
      WHERE paused_until > ahead.last AND EXISTS (SELECT FROM calls)
    )
    SELECT ${AHEAD_MS} FROM calls`
  return readAhead(rows)
}

/** Few enough that a statement ends far below its time limit, however many jobs wait. */
const JOBS_MAX = 10_000

/** The same for jobs, by when they were added or put off. The last of them stays to the end, to tell how far the others move. */
async function correctJobs(prisma: PrismaClient): Promise<number> {
  const rows = await prisma.$queryRaw<(CorrectedRow & { has_more: boolean })[]>`
    WITH ahead AS (
      SELECT max(updated_at) - clock_timestamp() AS by FROM graphile_worker._private_jobs
    ), jobs AS (
      UPDATE graphile_worker._private_jobs SET run_at = run_at - ahead.by, updated_at = updated_at - ahead.by FROM ahead
      WHERE id IN (
        SELECT id FROM graphile_worker._private_jobs WHERE updated_at > ${AHEAD}
        ORDER BY updated_at LIMIT ${JOBS_MAX} FOR UPDATE SKIP LOCKED
      ) RETURNING ahead.by
    )
    SELECT ${AHEAD_MS}, count(*) = ${JOBS_MAX} AS has_more FROM jobs`
  const aheadMs = readAhead(rows)
  return rows[0]?.has_more ? Math.max(aheadMs, await correctJobs(prisma)) : aheadMs
}

const AHEAD_MS = Prisma.sql`coalesce(extract(epoch FROM max(by)) * 1000, 0)::float8 AS ahead_ms`

function readAhead([row]: readonly CorrectedRow[]): number {
  return row?.ahead_ms ?? 0
}
