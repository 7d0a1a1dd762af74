import { setTimeout as sleep } from 'node:timers/promises'
import { Prisma } from '../../generated/prisma/client.ts'
import type { ChatClaim, ChatClaims } from '../../services/chat-claim.ts'
import type { Query } from './query.ts'
import { LET_GO } from './settlement.ts'
import type { ShareStatement } from './share-statement.ts'
import { holds, msToInterval } from './sql.ts'
import { WORKER_SILENCE_MAX } from './worker-registry.ts'

/** More than the calls for one event can take at their longest; with each event's start and decision it begins anew. */
const CLAIM_MS = 60_000
export const CLAIM_END = Prisma.sql`clock_timestamp() + ${msToInterval(CLAIM_MS)}`
const RELEASE_WAIT_MS = { first: 20, max: 1_000 }

/** Claims by the database's clock. A claim ends with what it settles, with its release, with its worker's life, or after a minute. */
export function createChatClaims(query: Query, share: ShareStatement, workerId: string): ChatClaims {
  const letGo = async (claim: ChatClaim) => {
    await query`UPDATE chats c SET ${LET_GO} WHERE ${holds(claim)}`
  }
  return {
    claim: share(async (chatIds: readonly number[]) => {
      const rows = await query<{ id: bigint; fence: bigint }>`
        WITH claimed AS (${claimStep(chatIds, workerId)}) SELECT id, fence FROM claimed`
      return firstOfEach(chatIds, rows).map((row) => row && { chatId: Number(row.id), fence: row.fence })
    }),

    async release(claim) {
      await letGo(claim).catch(() => void keepTrying(() => letGo(claim)))
    },
  }
}

/**
 * The statement that claims chats, but for those that a living worker holds; it gives the rows of those it got. In the order of
 * their ids, as two that claim the same chats would else wait for each other.
 */
export function claimStep(chatIds: readonly number[], workerId: string): Prisma.Sql {
  return Prisma.sql`
    INSERT INTO chats AS c (id, fence, claimed_by, claimed_until)
    SELECT id, 1, ${workerId}, ${CLAIM_END}
    FROM (SELECT DISTINCT unnest(${[...chatIds]}::bigint[]) AS id) AS wanted ORDER BY id
    ON CONFLICT (id) DO UPDATE
    SET fence = c.fence + 1, claimed_by = excluded.claimed_by, claimed_until = excluded.claimed_until
    -- One that lasts longer than any is from before the database's clock was set back.
    WHERE c.claimed_by IS NULL OR c.claimed_until NOT BETWEEN clock_timestamp() AND ${CLAIM_END} + interval '1 s' OR NOT EXISTS (
      SELECT FROM workers w WHERE w.id = c.claimed_by AND w.seen_at > clock_timestamp() - ${WORKER_SILENCE_MAX}
    )
    RETURNING c.*`
}

/** The row of each chat; of two who want the same one, only the first gets it. */
export function firstOfEach<Row extends { readonly id: bigint }>(
  chatIds: readonly number[],
  rows: readonly Row[],
): (Row | undefined)[] {
  const left = new Map(rows.map((row) => [Number(row.id), row]))
  return chatIds.map((chatId) => {
    const row = left.get(chatId)
    left.delete(chatId)
    return row
  })
}

/**
 * Tries until the claim would end by itself, while nobody waits: when the database is away for some seconds, its chats must not
 * stay away for a minute. Afterwards each connection of the pool may turn out dead at its first use, one after the other.
 */
async function keepTrying(letGo: () => Promise<void>): Promise<void> {
  const endMs = performance.now() + CLAIM_MS
  for (let waitMs = RELEASE_WAIT_MS.first; performance.now() < endMs; waitMs *= 2) {
    await sleep(Math.min(waitMs, RELEASE_WAIT_MS.max), undefined, { ref: false })
    try {
      return await letGo()
    } catch {
      // still away
    }
  }
}
