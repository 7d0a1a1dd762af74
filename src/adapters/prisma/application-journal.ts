import { Prisma } from '../../generated/prisma/client.ts'
import type { ApplicationJournal } from '../../services/apply-decision.ts'
import { addApplyJob, applyJobKey } from './jobs.ts'
import { workOut } from './postponing.ts'
import type { Query } from './query.ts'
import { RECENT_MOVES, RECORD_COLUMNS, type RecordRow, readRecord, readRetry, toNumber } from './routing-record.ts'
import { SETTLEMENT_COLUMNS, settlementColumns, settleSteps } from './settlement.ts'
import { holds, msSince, tableOf } from './sql.ts'

interface PendingRow extends RecordRow {
  id: bigint
  event_seq: bigint
  customer_id: bigint | null
  to_department_id: bigint
  pending_priority: number
  state_age_ms: number | null
  has_job: boolean
  put_before: boolean
  recent_moves: number[]
}

/** Writes each step of applying as one statement, fenced by the chat's claim. */
export function createApplicationJournal(query: Query): ApplicationJournal {
  return {
    async pending(claim) {
      const [row] = await query<PendingRow>`
        SELECT p.id, p.event_seq, p.customer_id, p.to_department_id, ${RECORD_COLUMNS}, ${msSince('c.state_seen_at')} AS state_age_ms,
          c.pending_priority,
          EXISTS (SELECT FROM graphile_worker._private_jobs j WHERE j.key = ${applyJobKey(Prisma.sql`c.id`)}) AS has_job,
          EXISTS (SELECT FROM attempts a WHERE a.event_seq = p.event_seq AND a.method = 'PUT') AS put_before,
          ${RECENT_MOVES} AS recent_moves
        FROM chats c JOIN decisions p ON p.id = c.pending_decision_id
        WHERE ${holds(claim)}`
      return (
        row && {
          id: row.id,
          eventSeq: row.event_seq,
          customerId: toNumber(row.customer_id) ?? undefined,
          departmentId: toNumber(row.to_department_id),
          rulePriority: row.pending_priority,
          record: readRecord(row),
          retry: readRetry(row),
          stateAgeMs: row.state_age_ms ?? undefined,
          hasJob: row.has_job,
          putBefore: row.put_before,
          recentMoves: row.recent_moves,
        }
      )
    },

    async settle(settlement) {
      const rows = await query<{ chat: bigint }>`
        WITH t AS (${tableOf(SETTLEMENT_COLUMNS, [settlementColumns(settlement)])}), ${settleSteps(Prisma.sql`t`)} SELECT chat FROM chat`
      return rows.length > 0
    },

    async postpone(claim, pending, postponement) {
      const { delayMs, schedule } = await workOut(query, postponement)
      await query`
        WITH chat AS (
          UPDATE chats c SET ${schedule} WHERE ${holds(claim)} RETURNING c.id
        )
        SELECT j.id FROM chat, ${addApplyJob(Prisma.sql`chat.id`, Prisma.sql`${pending.rulePriority}::int`, delayMs)} AS j`
    },
  }
}
