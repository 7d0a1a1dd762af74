import type { CustomerProfile } from '../../domain/customer-profile.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import type { CustomerEvent, CustomerMemory, LearnedCustomer } from '../../services/learn-customer.ts'
import type { Query } from './query.ts'
import { toNumber } from './routing-record.ts'
import { BODY_TEXT, toJsonb } from './sql.ts'

interface CustomerEventRow {
  seq: bigint
  customer_id: bigint
  body: string
  happened_at: Date
  profile: CustomerProfile | null // only ever written from that schema
  revision: number | null
  learned_at: Date | null
}

/** What is known of customers. The revision settles races: whoever has not seen the newest one does not write. */
export function createCustomerStore(query: Query): CustomerMemory {
  return {
    async start(seq) {
      const [row] = await query<{ id: string; type: string; starts: number }>`
        UPDATE webhook_events SET starts = starts + 1 WHERE seq = ${seq} AND status = 'waiting' RETURNING id, type, starts`
      return row
    },

    async forgetStart(seq) {
      await query`UPDATE webhook_events SET starts = starts - 1 WHERE seq = ${seq} AND status = 'waiting' AND starts > 0`
    },

    async setAside(seq, problem) {
      await query`
        UPDATE webhook_events SET status = 'set_aside', problem = ${problem}, finished_at = clock_timestamp()
        WHERE seq = ${seq} AND status = 'waiting'`
    },

    async find(seq) {
      const [row] = await query<CustomerEventRow>`
        SELECT e.seq, e.customer_id, ${BODY_TEXT}, e.happened_at, u.profile, u.revision, u.learned_at
        FROM webhook_events e LEFT JOIN customers u ON u.id = e.customer_id
        WHERE e.seq = ${seq} AND e.status = 'waiting'`
      if (row === undefined) return undefined
      const { profile, revision, learned_at } = row
      const known =
        profile !== null && revision !== null ? { profile, revision, learnedAt: learned_at ?? undefined } : undefined
      return { seq, customerId: toNumber(row.customer_id), body: row.body, happenedAt: row.happened_at, known }
    },

    async keep(event, learned) {
      const [row] = await query<{ seq: bigint }>`
        WITH event AS (
          -- The lock comes before the look: an erasure of the customer is over by then, or comes after this.
          SELECT seq FROM webhook_events WHERE seq = ${event.seq} AND status = 'waiting' FOR UPDATE
        ), kept AS (${learned === undefined ? NOTHING_TO_KEEP : upsert(event, learned)})
        UPDATE webhook_events SET status = 'done', finished_at = clock_timestamp()
        WHERE seq = ${event.seq} AND status = 'waiting' AND EXISTS (SELECT FROM kept)
        RETURNING seq`
      return row !== undefined
    },
  }
}

const NOTHING_TO_KEEP = Prisma.sql`SELECT FROM event`

function upsert(event: CustomerEvent, { profile, changesTags }: LearnedCustomer): Prisma.Sql {
  return Prisma.sql`
    INSERT INTO customers AS u (id, profile, learned_at, tags_revision)
    SELECT ${event.customerId}::bigint, ${toJsonb(profile)}, ${event.happenedAt}::timestamptz,
      CASE WHEN ${changesTags} THEN 1 END FROM event
    ON CONFLICT (id) DO UPDATE
    SET profile = excluded.profile, learned_at = greatest(u.learned_at, excluded.learned_at), revision = u.revision + 1,
      tags_revision = CASE WHEN ${changesTags} THEN u.revision + 1 ELSE u.tags_revision END
    WHERE u.revision = ${event.known?.revision ?? null}::int
    RETURNING u.id`
}
