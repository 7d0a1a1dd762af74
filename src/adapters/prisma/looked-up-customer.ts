import { Prisma } from '../../generated/prisma/client.ts'
import type { FollowUp } from '../../services/call-ledger.ts'

/** What a look-up told of a customer, as columns of a statement's table. */
export const LOOKED_UP_COLUMNS = 'customer bigint, profile jsonb, known_revision int'

export function lookedUpColumns(followUp: FollowUp | undefined): object {
  if (followUp?.kind !== 'keep') return {}
  const { id, profile, knownRevision = 0 } = followUp.customer
  return { customer: id, profile, known_revision: knownRevision }
}

/**
 * The steps of a statement that keep what the look-ups in `table` told. What an event has told since then is newer and stays,
 * and tags that it calls changed are left to be asked for. A newer look-up stays as a whole.
 */
export function keepSteps(table: Prisma.Sql): Prisma.Sql {
  const known = Prisma.sql`(SELECT known_revision FROM told WHERE told.customer = u.id)`
  return Prisma.sql`told AS (
      -- Of two look-ups of the same customer the one that was made last, and in an order, so that nobody waits for each other.
      SELECT DISTINCT ON (customer) customer, profile, known_revision FROM ${table} AS t
      WHERE customer IS NOT NULL ORDER BY customer, attempt DESC
    ), kept AS (
      INSERT INTO customers AS u (id, profile, fetched_at) SELECT customer, profile, clock_timestamp() FROM told
      ON CONFLICT (id) DO UPDATE
      SET fetched_at = excluded.fetched_at, revision = u.revision + 1,
        -- The first event about a new customer often comes while we ask.
        profile = CASE WHEN u.revision = ${known} THEN excluded.profile
          WHEN u.tags_revision > ${known} THEN (excluded.profile - 'tags') || u.profile
          ELSE excluded.profile || u.profile END
      WHERE u.revision = ${known} OR u.fetched_at IS NULL
    )`
}
