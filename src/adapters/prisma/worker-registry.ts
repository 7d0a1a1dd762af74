import type { PrismaClient } from '../../generated/prisma/client.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import { bringBackLostJobs } from './lost-jobs.ts'

/** A worker that was not seen for so long is taken for dead. It beats four times as often. */
export const WORKER_SILENCE_MAX = Prisma.sql`interval '8 s'`
export const HEARTBEAT_MS = 2_000
/** Jobs are lost so rarely that nobody needs to look more often. */
const BEATS_PER_SEARCH = 5

/** Who is alive, by the database's clock: graphile-worker itself would keep a killed worker's jobs locked for four hours. */
export interface WorkerRegistry {
  /** Says that this process lives and under which names the queue has locked jobs for it; then frees what the dead have locked, and now and then gives a job to work that has lost it. */
  beat(queueIds: readonly string[]): Promise<void>
  leave(): Promise<void>
}

export function createWorkerRegistry(prisma: PrismaClient, workerId: string): WorkerRegistry {
  let beats = 0
  return {
    async beat(queueIds) {
      await prisma.$executeRaw`
        INSERT INTO workers (id, queue_ids, seen_at) VALUES (${workerId}, ${[...queueIds]}::text[], clock_timestamp())
        ON CONFLICT (id) DO UPDATE SET queue_ids = excluded.queue_ids, seen_at = excluded.seen_at`
      await prisma.$executeRaw`DELETE FROM workers WHERE seen_at < clock_timestamp() - ${WORKER_SILENCE_MAX}`
      await prisma.$queryRaw`
        SELECT count(*) FROM graphile_worker.force_unlock_workers((
          SELECT coalesce(array_agg(DISTINCT locked_by), '{}') FROM graphile_worker._private_jobs
          WHERE locked_at < clock_timestamp() - ${WORKER_SILENCE_MAX}
            AND NOT EXISTS (SELECT FROM workers WHERE locked_by = ANY (queue_ids))
        ))`
      if (beats++ % BEATS_PER_SEARCH === 0) await bringBackLostJobs(prisma)
    },

    async leave() {
      await prisma.$executeRaw`DELETE FROM workers WHERE id = ${workerId}`
    },
  }
}
