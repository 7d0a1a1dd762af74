import { Prisma } from '../../generated/prisma/client.ts'
import type { WaitingMoves } from '../../services/shared-looks.ts'
import { IS_ALIVE, TASKS } from './jobs.ts'
import type { Query } from './query.ts'

const WORK_ON_CHATS = Prisma.sql`(${TASKS.decideEvents}, ${TASKS.applyDecision})`

/** The queue knows whose turn it is. Jobs that somebody has just taken come first: they may wait for the same look. */
export function createWaitingMoves(query: Query): WaitingMoves {
  return {
    async next(limit) {
      const rows = await query<{ chat_id: bigint; customer_id: bigint }>`
        WITH job AS (
          SELECT (j.payload ->> 'chatId')::bigint AS chat_id, j.priority, j.run_at, j.id
          FROM graphile_worker._private_jobs j JOIN graphile_worker._private_tasks t ON t.id = j.task_id
          WHERE t.identifier IN ${WORK_ON_CHATS} AND ${IS_ALIVE} AND j.run_at <= now()
          ORDER BY j.priority, j.run_at, j.id LIMIT ${limit}::int
        )
        SELECT job.chat_id, e.customer_id FROM job, LATERAL (
          SELECT customer_id FROM webhook_events WHERE chat_id = job.chat_id ORDER BY seq DESC LIMIT 1
        ) AS e WHERE e.customer_id IS NOT NULL ORDER BY job.priority, job.run_at, job.id`
      return rows.map((row) => ({ chatId: Number(row.chat_id), customerId: Number(row.customer_id) }))
    },
  }
}
