import { Prisma } from '../../generated/prisma/client.ts'
import type { DecisionJournal, StartedClaim } from '../../services/decide-events.ts'
import { CLAIM_END, claimStep, firstOfEach } from './chat-claims.ts'
import { addLookUpJob } from './jobs.ts'
import { workOut } from './postponing.ts'
import type { Query } from './query.ts'
import { recordDecisions, type ToRecord } from './record-decisions.ts'
import type { ShareStatement } from './share-statement.ts'
import { cleanText, holds, holdsForWrite } from './sql.ts'
import {
  isStarted,
  type NotStarted,
  readStarted,
  STARTED_COLUMNS,
  STARTED_JOINS,
  type StartedRow,
  startOldest,
} from './started-event.ts'

/** Writes each step of deciding as one statement, fenced by the chats' claims; chats that take it at the same moment share it. */
export function createDecisionJournal(query: Query, share: ShareStatement, workerId: string): DecisionJournal {
  const record = share((decisions: readonly ToRecord[]) => recordDecisions(query, decisions))
  return {
    claimNext: share((chatIds: readonly number[]) => claimAndStart(query, workerId, chatIds)),
    record: (claim, event, decision, along) => record({ claim, event, decision, along, atMs: performance.now() }),

    async startNext(claim) {
      const [row] = await query<StartedRow>`
        WITH held AS (
          UPDATE chats c SET claimed_until = ${CLAIM_END} WHERE ${holds(claim)} RETURNING c.id
        ), started AS (${startOldest(Prisma.sql`held`)})
        SELECT ${STARTED_COLUMNS} FROM started e JOIN chats c ON c.id = e.chat_id ${STARTED_JOINS}`
      return row && readStarted(row)
    },

    async forgetStart(claim, event) {
      await query`
        UPDATE webhook_events SET starts = starts - 1
        WHERE seq = ${event.seq} AND status = 'waiting' AND starts > 0 AND ${holdsForWrite(claim)}`
    },

    async nameCustomer(claim, event, customerId) {
      const [row] = await query<StartedRow>`
        WITH named AS (
          UPDATE webhook_events e SET customer_id = ${customerId}::bigint
          WHERE e.seq = ${event.seq} AND e.status = 'waiting' AND ${holdsForWrite(claim)} RETURNING e.*
        )
        SELECT ${STARTED_COLUMNS} FROM named e JOIN chats c ON c.id = e.chat_id ${STARTED_JOINS}`
      return row && readStarted(row)
    },

    async finish(claim, event, status, problem) {
      await query`
        UPDATE webhook_events SET status = ${status}, problem = ${cleanText(problem)}, finished_at = clock_timestamp()
        WHERE seq = ${event.seq} AND status = 'waiting' AND ${holdsForWrite(claim)}`
    },

    async postpone(claim, event, postponement) {
      const { delayMs, schedule } = await workOut(query, postponement)
      await query`
        WITH chat AS (
          UPDATE chats c SET ${schedule} WHERE ${holds(claim)} RETURNING c.id
        ), given_back AS (
          UPDATE webhook_events SET starts = 0 WHERE seq = ${event.seq} AND EXISTS (SELECT FROM chat)
        )
        SELECT j.id FROM chat, ${addLookUpJob(event.seq, claim.chatId, delayMs)} AS j`
    },
  }
}

type ClaimedRow = (StartedRow | NotStarted) & { claimed_id: bigint; fence: bigint }

async function claimAndStart(
  query: Query,
  workerId: string,
  chatIds: readonly number[],
): Promise<(StartedClaim | undefined)[]> {
  const rows = await query<ClaimedRow>`
    WITH free AS (
      SELECT id, fence FROM chats WHERE id = ANY (${[...chatIds]}::bigint[]) AND claimed_by IS NULL
    ), claimed AS (${claimStep(chatIds, workerId)}), undisturbed AS (
      -- This statement sees the database as it was when it began. Where it had to wait for another worker to let go, that is
      -- too old to start from; then nothing is started, and the next statement looks again.
      SELECT c.id FROM claimed c LEFT JOIN free f ON f.id = c.id WHERE c.fence = 1 + coalesce(f.fence, 0)
    ), started AS (${startOldest(Prisma.sql`undisturbed`)})
    SELECT c.id AS claimed_id, c.fence, ${STARTED_COLUMNS} FROM claimed c LEFT JOIN started e ON e.chat_id = c.id ${STARTED_JOINS}`
  const claimed = rows.map((row) => ({ id: row.claimed_id, row }))
  return firstOfEach(chatIds, claimed).map((found) => {
    if (found === undefined) return undefined
    const { id, row } = found
    return { chatId: Number(id), fence: row.fence, started: isStarted(row) ? readStarted(row) : undefined }
  })
}
