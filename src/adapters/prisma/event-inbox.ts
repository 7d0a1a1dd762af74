import DataLoader from 'dataloader'
import type { PrismaClient } from '../../generated/prisma/client.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import type { EventInbox, NewEvent } from '../../services/receive-event.ts'
import { addEventJobs } from './jobs.ts'
import { cleanText } from './sql.ts'

/** So many rows of 1 MiB would still fit a statement. */
const EVENTS_PER_STATEMENT = 50

/** Stores webhooks and their jobs. Those that wait at the same moment share one statement, and so one commit. */
export function createEventInbox(prisma: PrismaClient): EventInbox {
  const loader = new DataLoader((events: readonly NewEvent[]) => insert(prisma, events), {
    cache: false,
    maxBatchSize: EVENTS_PER_STATEMENT,
    batchScheduleFn: (dispatch) => setImmediate(dispatch),
  })
  return { insertOnce: async (event) => ({ inserted: await loader.load(event) }) }
}

async function insert(prisma: PrismaClient, events: readonly NewEvent[]): Promise<boolean[]> {
  const column = <T>(value: (event: NewEvent) => T) => events.map(value)
  const bigints = (value: (event: NewEvent) => number | undefined) => column((event) => toBigInt(value(event)))
  const rows = await prisma.$queryRaw<{ id: string }[]>`
    WITH arrived AS (
      SELECT * FROM unnest(
        ${column(({ id }) => id)}::text[], ${column(({ type }) => type)}::text[],
        ${bigints(({ chatId }) => chatId)}::bigint[], ${bigints(({ customerId }) => customerId)}::bigint[],
        ${column(({ status }) => status)}::text[],
        ${column(({ problem }) => (problem === undefined ? null : cleanText(problem)))}::text[],
        ${column(({ body }) => body)}::bytea[], ${column(({ happenedAt }) => happenedAt ?? null)}::timestamptz[]
      ) AS t (id, type, chat_id, customer_id, status, problem, body, happened_at)
    ), stored AS (
      INSERT INTO webhook_events (id, type, chat_id, customer_id, status, problem, body, happened_at)
      SELECT id, type, chat_id, customer_id, status, problem, body, coalesce(happened_at, now()) FROM arrived
      ON CONFLICT (id) DO NOTHING
      RETURNING id, seq, chat_id, status
    ), jobs AS (${addEventJobs(Prisma.sql`(SELECT seq, chat_id FROM stored WHERE status = 'waiting')`)})
    SELECT id, (SELECT count(*) FROM jobs) AS jobs FROM stored`
  const inserted = new Set(rows.map(({ id }) => id))
  // Of two copies in one statement the first is the new one.
  return events.map(({ id }) => inserted.delete(id))
}

function toBigInt(id: number | undefined): bigint | null {
  return id === undefined ? null : BigInt(id)
}
