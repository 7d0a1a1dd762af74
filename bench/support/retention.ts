import { openConnection } from '../../test/support/postgres.ts'
import type { Scope } from '../../test/support/scope.ts'
import { builtArgs } from '../../test/support/start-command.ts'
import { PAST_DAYS } from './past.ts'
import { serve } from './process.ts'
import { routerSettings } from './settings.ts'

const DAYS = PAST_DAYS - 1
const HURRY = "UPDATE graphile_worker._private_jobs SET run_at = now() WHERE key = 'age_out' AND locked_at IS NULL"
const OLDEST = `SELECT received_at < now() - interval '${DAYS} days' AS is_old FROM webhook_events ORDER BY seq LIMIT 1`
/** Each of the worker's statements is a transaction, and holds its locks for as long as that lasts. */
const LONGEST = `SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0)::float8 * 1000 AS ms
  FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE '%DELETE FROM%'`

/** A day's retention run. */
export interface RetentionRun {
  /** The longest that one of its transactions was seen to last, looked at all the time. */
  readonly longestMs: number
  readonly looks: number
  readonly tookMs: number
}

/** Lets a worker that has nothing else to do delete the oldest day of a past that `insertPast` has written. */
export async function ageOutOneDay(scope: Scope, databaseUrl: string): Promise<RetentionRun> {
  const settings = { DATABASE_URL: databaseUrl, ROLE: 'worker', RETENTION_DAYS: String(DAYS) }
  await serve(scope, builtArgs(), await routerSettings(scope, settings))
  const sql = await openConnection(scope, databaseUrl)
  const startedAt = performance.now()
  let [longestMs, looks] = [0, 0]
  for (;;) {
    if (looks % 100 === 0) {
      await sql(HURRY)
      const [oldest] = await sql<{ is_old: boolean }>(OLDEST)
      if (oldest?.is_old !== true) return { longestMs, looks, tookMs: performance.now() - startedAt }
    }
    const [row] = await sql<{ ms: number }>(LONGEST)
    longestMs = Math.max(longestMs, row?.ms ?? 0)
    looks += 1
  }
}
