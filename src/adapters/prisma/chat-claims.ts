import { setTimeout as sleep } from 'node:timers/promises'
import type { PrismaClient } from '../../generated/prisma/client.ts'
import type { ChatClaims } from '../../services/chat-claim.ts'
import { holds } from './sql.ts'
import { WORKER_SILENCE_MAX } from './worker-registry.ts'

const RELEASE_WAITS_MS = [0, 20, 50, 100, 200, 400, 800]

/** Claims by the database's clock. A claim ends with its release, with its worker's life, or after a minute. */
export function createChatClaims(prisma: PrismaClient, workerId: string): ChatClaims {
  return {
    async claim(chatId) {
      // A minute is more than the three calls of one run can take at their longest.
      const [row] = await prisma.$queryRaw<{ fence: bigint }[]>`
        INSERT INTO chats AS c (id, fence, claimed_by, claimed_until)
        VALUES (${chatId}::bigint, 1, ${workerId}, clock_timestamp() + interval '60 s')
        ON CONFLICT (id) DO UPDATE
        SET fence = c.fence + 1, claimed_by = excluded.claimed_by, claimed_until = excluded.claimed_until
        WHERE c.claimed_by IS NULL OR c.claimed_until < clock_timestamp() OR NOT EXISTS (
          SELECT FROM workers w WHERE w.id = c.claimed_by AND w.seen_at > clock_timestamp() - ${WORKER_SILENCE_MAX}
        )
        RETURNING fence`
      return row && { chatId, fence: row.fence }
    },

    async release(claim) {
      // After a short outage each connection of the pool may turn out dead at its first use, one after the other. A claim that
      // was not let go of would keep its chat waiting for a minute.
      for (const waitMs of RELEASE_WAITS_MS) {
        try {
          await prisma.$executeRaw`UPDATE chats c SET claimed_by = NULL, claimed_until = NULL WHERE ${holds(claim)}`
          return
        } catch {
          await sleep(waitMs)
        }
      }
      await prisma.$executeRaw`UPDATE chats c SET claimed_by = NULL, claimed_until = NULL WHERE ${holds(claim)}`
    },
  }
}
