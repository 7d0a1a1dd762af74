import { Prisma } from '../../generated/prisma/client.ts'
import type { WaitingMoves } from '../../services/shared-looks.ts'
import { CHATS_OF_JOB, IS_ALIVE, TASKS } from './jobs.ts'
import type { Query } from './query.ts'

const WORK_ON_CHATS = Prisma.sql`(${TASKS.decideEvents}, ${TASKS.decideBatch}, ${TASKS.applyDecision})`
/** Some chats of a batch are done before the others. */
const IS_OPEN = Prisma.sql`(
  EXISTS (SELECT FROM webhook_events e WHERE e.chat_id = chat.chat_id AND e.status = 'waiting')
  OR EXISTS (SELECT FROM chats c WHERE c.id = chat.chat_id AND c.pending_decision_id IS NOT NULL))`

/** The queue knows whose turn it is. Jobs that somebody has just taken come first: they may wait for the same look. */
export function createWaitingMoves(query: Query): WaitingMoves {
  return {
    async next(limit) {
      const rows = await query<{ chat_id: bigint; customer_id: bigint }>`
        WITH next AS (
          SELECT j.payload, j.priority, j.run_at, j.id
          FROM graphile_worker._private_jobs j JOIN graphile_worker._private_tasks t ON t.id = j.task_id
          WHERE t.identifier IN ${WORK_ON_CHATS} AND ${IS_ALIVE} AND j.run_at <= now()
          ORDER BY j.priority, j.run_at, j.id LIMIT ${limit}::int
        )
        SELECT chat.chat_id, e.customer_id FROM next AS j, LATERAL ${CHATS_OF_JOB} AS chat, LATERAL (
          SELECT customer_id FROM webhook_events WHERE chat_id = chat.chat_id ORDER BY seq DESC LIMIT 1
        ) AS e WHERE e.customer_id IS NOT NULL AND ${IS_OPEN} ORDER BY j.priority, j.run_at, j.id LIMIT ${limit}::int`
      return rows.map((row) => ({ chatId: Number(row.chat_id), customerId: Number(row.customer_id) }))
    },
  }
}
