import { Prisma } from '../../generated/prisma/client.ts'
import type { ApiRequest, OpenCall } from '../../services/call-ledger.ts'
import type { ChatClaim } from '../../services/chat-claim.ts'
import { WAITING_MOVES } from './kept-slots.ts'
import { IS_FREE, openingTogether } from './opening-steps.ts'
import type { Query } from './query.ts'
import { inPlace } from './share-statement.ts'
import { tableOf } from './sql.ts'

export interface LookUp {
  readonly claim: ChatClaim
  readonly eventSeq: bigint
  readonly request: ApiRequest
}

/** Opens look-ups while there are more free calls than waiting moves. Whoever gets none here asks alone, and is told why. */
export async function openLookUps(query: Query, lookUps: readonly LookUp[]): Promise<(OpenCall | undefined)[]> {
  const table = lookUps.map(({ claim, eventSeq, request: { method, path } }) => {
    return { chat: claim.chatId, fence: String(claim.fence), event: String(eventSeq), method, path }
  })
  const rows = await query<{ n: number; id: bigint; number: number }>`
    WITH t AS (${tableOf('chat bigint, fence bigint, event bigint, method text, path text', table)}), ready AS (
      SELECT t.*, 0 AS priority FROM t JOIN chats c ON c.id = t.chat AND c.fence = t.fence
    ), wanted AS (SELECT count(*) AS calls FROM ready), kept AS (SELECT ${WAITING_MOVES} AS calls), spare AS (
      SELECT greatest(0, (SELECT count(*) FROM (
        SELECT FROM budget_slots WHERE ${IS_FREE} LIMIT (SELECT calls FROM wanted) + (SELECT calls FROM kept)
      ) AS free) - (SELECT calls FROM kept)) AS calls
    ), ${openingTogether(Prisma.sql`(SELECT calls FROM spare)`)}
    SELECT t.n, opened.id, opened.number FROM opened JOIN t ON t.event = opened.event_seq`
  return inPlace(lookUps.length, rows).map(
    (row) => row && { attemptId: row.id, number: row.number, isProbe: false, setAside: undefined },
  )
}
