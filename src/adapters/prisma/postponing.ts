import { Prisma } from '../../generated/prisma/client.ts'
import type { Postponement } from '../../services/waiting-event.ts'
import type { Query } from './query.ts'

/** What a postponement comes to: how long until the job is due, and what `chats` keeps of the schedule of tries. */
export interface Postponing {
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
  const schedule = Prisma.sql`tried_since = NULL`
  return { delayMs: afterPause ? ownMs + (await readPauseLeftMs(query)) : ownMs, schedule }
}

async function readPauseLeftMs(query: Query): Promise<number> {
  const [row] = await query<{ left_ms: number }>`
    SELECT greatest(0, extract(epoch FROM paused_until - clock_timestamp()) * 1000)::float8 AS left_ms FROM helpcrunch_account`
  return row?.left_ms ?? 0
}
