import { Prisma } from '../../generated/prisma/client.ts'
import type { LookedUpCustomer } from '../../services/waiting-event.ts'
import { toJsonb } from './sql.ts'

/**
 * The step of a statement that keeps what a look-up told, if `event` has a row: the locked one of the event that asked. What an
 * event has told since then is newer and stays; a newer look-up stays as a whole.
 */
export function keepStep({ id, profile, knownRevision }: LookedUpCustomer, event: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`
    INSERT INTO customers AS u (id, profile, fetched_at)
    SELECT ${id}::bigint, ${toJsonb(profile)}, clock_timestamp() FROM ${event}
    ON CONFLICT (id) DO UPDATE
    SET fetched_at = excluded.fetched_at, revision = u.revision + 1,
      -- The first event about a new customer often comes while we ask: what it told is newer, and tags may be too.
      profile = CASE WHEN u.revision = ${knownRevision ?? null}::int THEN excluded.profile
        ELSE (excluded.profile - 'tags') || u.profile END
    WHERE u.revision = ${knownRevision ?? null}::int OR u.fetched_at IS NULL`
}
