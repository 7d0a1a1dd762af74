import type { PrismaClient } from '../../generated/prisma/client.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import type { CustomerRecords, ErasureScope } from '../../services/erase-customer.ts'
import { CHATS_OF_JOB, eventJobKey } from './jobs.ts'

/** So many rows a statement: none is locked for long, and each stays far below the statement's time limit. */
const ROWS_MAX = 500

/** What is told of an event that was erased before its turn. */
const ENDED = "The customer's data was erased before it was decided."

/**
 * Empties rows of one customer. The event's row is the fence: what is written for an event (decision, profile, reply)
 * locks that row and looks at it first, so once it is erased nothing of it is written any more.
 */
export function createCustomerRecords(prisma: PrismaClient): CustomerRecords {
  return {
    async findTraces(customerId) {
      const [row] = await prisma.$queryRaw<{ chat_ids: bigint[]; emails: string[] }[]>`
        SELECT coalesce(array_agg(DISTINCT chat_id) FILTER (WHERE chat_id IS NOT NULL), '{}') AS chat_ids,
          coalesce(array_agg(DISTINCT email) FILTER (WHERE email LIKE '%_@_%'), '{}') AS emails
        FROM (
          SELECT e.chat_id, d.facts ->> 'email' AS email
          FROM webhook_events e LEFT JOIN decisions d ON d.event_seq = e.seq WHERE e.customer_id = ${customerId}::bigint
          UNION ALL
          -- Few: by HelpCrunch's documents each event of a chat names its customer. Where one does not, the answers about the chat do.
          SELECT e.chat_id, NULL FROM webhook_events e JOIN attempts a ON a.event_seq = e.seq
          WHERE e.customer_id IS NULL AND e.chat_id IS NOT NULL AND ${isAnsweredFor(customerId)}
          UNION ALL SELECT NULL, profile ->> 'email' FROM customers WHERE id = ${customerId}::bigint
        ) AS told`
      return { customerId, chatIds: row?.chat_ids ?? [], emails: row?.emails ?? [] }
    },

    async newestEvent() {
      const [row] = await prisma.$queryRaw<{ seq: bigint }[]>`SELECT coalesce(max(seq), 0) AS seq FROM webhook_events`
      return row?.seq ?? 0n
    },

    eraseEvents: (scope) => prisma.$executeRaw`
      WITH found AS (
        SELECT e.seq FROM webhook_events e WHERE ${isOf(scope)} AND e.erased_at IS NULL
        ORDER BY e.seq LIMIT ${ROWS_MAX} FOR UPDATE
      )
      UPDATE webhook_events e SET body = '', erased_at = clock_timestamp(),
        status = CASE e.status WHEN 'waiting' THEN 'ignored' ELSE e.status END,
        problem = CASE e.status WHEN 'waiting' THEN ${ENDED} ELSE e.problem END,
        finished_at = CASE e.status WHEN 'waiting' THEN clock_timestamp() ELSE e.finished_at END
      FROM found WHERE e.seq = found.seq`,

    eraseStrayEvents: (scope) => prisma.$executeRaw`
      UPDATE webhook_events e SET body = '', erased_at = clock_timestamp()
      WHERE e.customer_id IS NULL AND e.chat_id IS NULL AND e.seq <= ${scope.upTo} AND e.erased_at IS NULL AND ${isMentioned(scope)}`,

    eraseDecisions: (scope) => prisma.$executeRaw`
      UPDATE decisions d SET facts = '{}', open_lookups = '{}', erased_at = clock_timestamp()
      WHERE d.id IN (
        SELECT d.id FROM webhook_events e JOIN decisions d ON d.event_seq = e.seq
        WHERE ${isOf(scope)} AND e.erased_at IS NOT NULL AND d.erased_at IS NULL
        ORDER BY d.id LIMIT ${ROWS_MAX} FOR UPDATE OF d
      )`,

    eraseAttempts: (scope) => prisma.$executeRaw`
      UPDATE attempts a SET body = NULL
      WHERE a.id IN (
        SELECT a.id FROM webhook_events e JOIN attempts a ON a.event_seq = e.seq
        WHERE ${isOf(scope)} AND e.erased_at IS NOT NULL AND a.body IS NOT NULL
        ORDER BY a.id LIMIT ${ROWS_MAX} FOR UPDATE OF a
      )`,

    async eraseJobErrors(scope) {
      await prisma.$executeRaw`
        UPDATE graphile_worker._private_jobs j SET last_error = NULL
        WHERE j.last_error IS NOT NULL AND (
          EXISTS (SELECT FROM ${CHATS_OF_JOB} AS job WHERE job.chat_id = ANY (${[...scope.chatIds]}::bigint[]))
          OR j.key IN (SELECT ${eventJobKey(Prisma.sql`e.seq`)} FROM webhook_events e WHERE ${isOf(scope)})
        )`
    },

    async forgetProfile(customerId) {
      return (await prisma.customer.deleteMany({ where: { id: customerId } })).count > 0
    },

    async audit({ customerId, ...counts }, by) {
      await prisma.$executeRaw`
        INSERT INTO audit_entries (actor, token_id, action, subject, after)
        VALUES (${by.name}, ${by.tokenId}::uuid, 'customer.erased', ${`customer:${customerId}`}, ${JSON.stringify(counts)}::json)`
    },
  }
}

/** That the event `e` is the customer's: it says so, or it belongs to one of the customer's chats. */
function isOf({ customerId, chatIds, upTo }: ErasureScope): Prisma.Sql {
  return Prisma.sql`e.seq <= ${upTo} AND (e.customer_id = ${customerId}::bigint OR e.chat_id = ANY (${[...chatIds]}::bigint[]))`
}

/** That the reply of the attempt `a` is a chat of the customer. It may have been cut off, so it is not read as JSON. */
function isAnsweredFor(customerId: number): Prisma.Sql {
  const number = String(customerId)
  const reference = `"customer"\\s*:\\s*(\\{[^{}]*"id"\\s*:\\s*)?"?${number}[^0-9]`
  return Prisma.sql`position(${number} IN a.body) > 0 AND a.body ~ ${reference}`
}

/** That a body speaks of the customer: by number, which must not be a part of a longer one, or by an address. */
function isMentioned({ customerId, emails }: ErasureScope): Prisma.Sql {
  const number = String(customerId)
  const addresses = emails.map((email) => Buffer.from(email))
  return Prisma.sql`(
    position(${Buffer.from(number)} IN e.body) > 0 AND encode(e.body, 'escape') ~ ${`(^|[^0-9])${number}([^0-9]|$)`}
    OR EXISTS (SELECT FROM unnest(${addresses}::bytea[]) AS address WHERE position(address IN e.body) > 0)
  )`
}
