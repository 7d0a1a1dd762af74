import { Prisma } from '../../generated/prisma/client.ts'
import type { LookedUpCustomer } from '../../services/waiting-event.ts'
import { toJsonb } from './sql.ts'

/**
 * The step of a statement that keeps what a look-up told, if `event` has a row: the locked one of the event that asked. What an
 * event has told since then is newer and stays, and tags that it calls changed are left to be asked for. A newer look-up stays
 * as a whole.
 */
export function keepStep({ id, profile, knownRevision }: LookedUpCustomer, event: Prisma.Sql): Prisma.Sql {
  const known = Prisma.sql`${knownRevision ?? 0}::int`
  return Prisma.sql`
    INSERT INTO customers AS u (id, profile, fetched_at)
    SELECT ${id}::bigint, ${toJsonb(profile)}, clock_timestamp() FROM ${event}
    ON CONFLICT (id) DO UPDATE
    SET fetched_at = excluded.fetched_at, revision = u.revision + 1,
      -- The first event about a new customer often comes while we ask.
      profile = CASE WHEN u.revision = ${known} THEN excluded.profile
        WHEN u.tags_revision > ${known} THEN (excluded.profile - 'tags') || u.profile
        ELSE excluded.profile || u.profile END
    WHERE u.revision = ${known} OR u.fetched_at IS NULL`
}
