import { Prisma } from '../../generated/prisma/client.ts'
import type { Postponement } from '../../services/waiting-event.ts'
import type { Query } from './query.ts'
import { msToInterval } from './sql.ts'

/** What a postponement comes to: how long until the job is due, and what `chats` keeps of the schedule of tries. */
interface Postponing {
  readonly delayMs: number
  readonly schedule: Prisma.Sql
}

/** Works a postponement out. Only one that counts from the end of a pause asks the database for it; the pause is committed by then. */
export async function workOut(
  query: Query,
  { delayMs: ownMs, countsAsTry, afterPause }: Postponement,
): Promise<Postponing> {
  if (countsAsTry) {
    const schedule = Prisma.sql`tries = tries + 1, tried_since = coalesce(tried_since, clock_timestamp())`
    return { delayMs: ownMs, schedule }
  }
  // While the account is locked out the schedule stands still: nobody gives up because of a wrong key.
  if (!afterPause) return { delayMs: ownMs, schedule: Prisma.sql`tried_since = NULL` }
  const delayMs = ownMs + (await readPauseLeftMs(query))
  // By the wait, and no more: what is forbidden for good meets this in each new process, and would never be given up.
  return { delayMs, schedule: Prisma.sql`tried_since = tried_since + ${msToInterval(delayMs)}` }
}

async function readPauseLeftMs(query: Query): Promise<number> {
  const [row] = await query<{ left_ms: number }>`
    SELECT greatest(0, extract(epoch FROM paused_until - clock_timestamp()) * 1000)::float8 AS left_ms FROM helpcrunch_account`
  return row?.left_ms ?? 0
}
