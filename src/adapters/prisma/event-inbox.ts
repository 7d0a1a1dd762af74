import { Prisma } from '../../generated/prisma/client.ts'
import type { EventInbox, NewEvent } from '../../services/receive-event.ts'
import { addEventJobs } from './jobs.ts'
import type { Query } from './query.ts'
import type { ShareStatement } from './share-statement.ts'
import { cleanText } from './sql.ts'

/**
 * Stores webhooks and their jobs. Those that wait at the same moment share one statement, and so one commit. It goes past
 * Prisma, which would write the bodies as base64 first and as hexadecimal digits then: six times the memory, and most of the
 * processor time of a webhook of 64 KiB.
 */
export function createEventInbox(query: Query, share: ShareStatement): EventInbox {
  const store = share((events: readonly NewEvent[]) => insert(query, events))
  return { insertOnce: async (event) => ({ inserted: await store(event) }) }
}

async function insert(query: Query, events: readonly NewEvent[]): Promise<boolean[]> {
  const [first, ...more] = events
  if (first === undefined) return []
  const rows = await query<{ id: string }>`
    WITH arrived AS (${more.length === 0 ? one(first) : many(events)}
    ), stored AS (
      INSERT INTO webhook_events (seq, id, type, chat_id, customer_id, status, problem, body, happened_at)
      SELECT seq, id, type, chat_id, customer_id, status, problem, body,
        CASE WHEN happened_at < now() + ${AHEAD_MAX}::interval THEN happened_at ELSE now() END
      FROM arrived
      ORDER BY id, seq -- as of two statements with the same webhooks each would wait for the other
      ON CONFLICT (id) DO NOTHING
      RETURNING id, seq, chat_id, status
    ), jobs AS (${addEventJobs(Prisma.sql`(SELECT seq, chat_id FROM stored WHERE status = 'waiting')`, events.length)})
    SELECT id, (SELECT count(*) FROM jobs) AS jobs FROM stored`
  const inserted = new Set(rows.map(({ id }) => id))
  // Of two copies in one statement the first is the new one.
  return events.map(({ id }) => inserted.delete(id))
}

/** Clocks differ, but not by a day: what is said to happen later than that would make all that follows look late until then. */
const AHEAD_MAX = '1 day'

/** The order of arrival, whatever the order of storing. */
const NEXT_SEQ = Prisma.sql`nextval('webhook_events_seq_seq')`

/** The rows to store. A single one is not put into lists and taken out again: that is a tenth of the statement's time. */
function one({ id, type, chatId, customerId, status, problem, happenedAt, body }: NewEvent): Prisma.Sql {
  return Prisma.sql`SELECT ${NEXT_SEQ} AS seq, ${id}::text AS id, ${type}::text AS type, ${chatId ?? null}::bigint AS chat_id,
    ${customerId ?? null}::bigint AS customer_id, ${status}::text AS status, ${toText(problem)}::text AS problem,
    ${happenedAt ?? null}::timestamptz AS happened_at, ${body}::bytea AS body`
}

function many(events: readonly NewEvent[]): Prisma.Sql {
  const column = <T>(value: (event: NewEvent) => T) => events.map(value)
  // One after the other in a single parameter: only such a one is sent as the bytes that it is.
  const bodies = Buffer.concat(column(({ body }) => body))
  return Prisma.sql`SELECT ${NEXT_SEQ} AS seq, id, type, chat_id, customer_id, status, problem, happened_at,
      substring(${bodies}::bytea FROM (1 + sum(length) OVER (ORDER BY place) - length)::int FOR length) AS body
    FROM unnest(
      ${column(({ id }) => id)}::text[], ${column(({ type }) => type)}::text[],
      ${column(({ chatId }) => chatId ?? null)}::bigint[], ${column(({ customerId }) => customerId ?? null)}::bigint[],
      ${column(({ status }) => status)}::text[], ${column(({ problem }) => toText(problem))}::text[],
      ${column(({ happenedAt }) => happenedAt ?? null)}::timestamptz[], ${column(({ body }) => body.length)}::int[]
    ) WITH ORDINALITY AS t (id, type, chat_id, customer_id, status, problem, happened_at, length, place)`
}

function toText(problem: string | undefined): string | null {
  return problem === undefined ? null : cleanText(problem)
}
