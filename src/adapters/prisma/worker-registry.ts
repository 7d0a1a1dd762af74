import { Prisma } from '../../generated/prisma/client.ts'
import type { Log } from '../../services/log.ts'
import { correctTimes } from './correct-times.ts'
import type { Database } from './database.ts'
import { PRIORITIES, TASKS } from './jobs.ts'
import { bringBackLostJobs, giveUpUnheardJobs, type HeldJobs, IS_LONG_LOCKED, NOBODY } from './lost-jobs.ts'
import { createWorkerSession } from './worker-session.ts'

/** A worker that was not seen for so long is taken for dead, even when its connection seems to live: it, or its machine, froze. */
export const WORKER_SILENCE_MAX = Prisma.sql`interval '8 s'`
export const HEARTBEAT_MS = 1_000
/** A supervisor starts a process in about this time. */
const REPLACED_WITHIN = Prisma.sql`interval '3 s'`
/** Jobs are lost so rarely that nobody needs to look more often. */
const BEATS_PER_SEARCH = 10

/** Who is alive, by the database's clock: graphile-worker itself would keep a killed worker's jobs locked for four hours. */
export interface WorkerRegistry {
  /**
   * Says that this process lives and under which names the queue has locked jobs for it; then frees what the dead have locked,
   * and now and then looks for jobs that nobody has, work that has lost its job, and times to come.
   */
  beat(held: HeldJobs): Promise<void>
  leave(): Promise<void>
}

type RegistryDatabase = Pick<Database, 'prisma' | 'query' | 'pool'>

/** A process that dies loses its connection the same moment, so its peers need not wait for its silence. */
const SESSION_IS_GONE = Prisma.sql`session IS NOT NULL AND NOT EXISTS (
  SELECT FROM pg_stat_activity a WHERE a.pid = split_part(session, ' ', 1)::int
    -- Who logs in under another name is not told the start.
    AND (a.backend_start IS NULL OR extract(epoch FROM a.backend_start)::text = split_part(session, ' ', 2)))`

/** How often the work on a job's event, or on the waiting events of its chat, has been started in vain. */
const STARTS = Prisma.sql`coalesce((
  SELECT max(e.starts) FROM webhook_events e WHERE e.status = 'waiting'
    AND (e.chat_id = (j.payload ->> 'chatId')::bigint OR e.seq = (j.payload ->> 'seq')::bigint)), 0)`

/** The heartbeat goes by the connections of the chats, on which nobody waits for what a person has asked for. */
export function createWorkerRegistry(
  { prisma, query, pool }: RegistryDatabase,
  workerId: string,
  log: Log,
): WorkerRegistry {
  const session = createWorkerSession(pool)
  let beats = 0

  /** Gives each chat of a batch a job of its own, locked as the batch was: what one of them does to a worker is not done to all again. */
  async function splitBatches(names: readonly string[]): Promise<void> {
    await prisma.$executeRaw`
      WITH task AS (
        INSERT INTO graphile_worker._private_tasks (identifier) VALUES (${TASKS.decideEvents})
        ON CONFLICT (identifier) DO UPDATE SET identifier = excluded.identifier RETURNING id
      ), batch AS (
        DELETE FROM graphile_worker._private_jobs j USING graphile_worker._private_tasks t
        WHERE t.id = j.task_id AND t.identifier = ${TASKS.decideBatch} AND j.locked_by = ANY (${names}::text[]) RETURNING j.*
      )
      INSERT INTO graphile_worker._private_jobs (task_id, payload, priority, run_at, updated_at, attempts, max_attempts, locked_by, locked_at)
      SELECT task.id, chat.value, b.priority, b.run_at, b.updated_at, b.attempts, b.max_attempts, b.locked_by, b.locked_at
      FROM task, batch b, json_array_elements(b.payload) AS chat`
  }

  /**
   * A worker may have died of an event that it had started. Those wait in a queue of their own, which is worked off one by one
   * and never before a dead worker has been replaced: all other chats go on meanwhile, and no suspect takes others with it.
   */
  async function freeJobs(names: readonly string[]): Promise<void> {
    await splitBatches(names)
    await prisma.$executeRaw`
      WITH suspects AS (
        INSERT INTO graphile_worker._private_job_queues (queue_name) VALUES ('suspects')
        ON CONFLICT (queue_name) DO UPDATE SET queue_name = excluded.queue_name RETURNING id
      )
      UPDATE graphile_worker._private_jobs j SET job_queue_id = suspects.id,
        priority = ${PRIORITIES.decideAgain}::int + ${STARTS}, -- who was started least may be innocent, and goes first
        run_at = greatest(j.run_at, clock_timestamp() + ${REPLACED_WITHIN})
      FROM suspects
      WHERE j.job_queue_id = suspects.id AND j.locked_at IS NULL OR j.locked_by = ANY (${names}::text[]) AND ${STARTS} > 0`
    await prisma.$queryRaw`SELECT count(*) FROM graphile_worker.force_unlock_workers(${names}::text[])`
  }

  return {
    async beat(held) {
      const name = (await session.name()) ?? null
      await query`
        INSERT INTO workers (id, queue_ids, session, seen_at) VALUES (${workerId}, ${[...held.queueIds]}::text[], ${name}, clock_timestamp())
        ON CONFLICT (id) DO UPDATE SET queue_ids = excluded.queue_ids, session = excluded.session, seen_at = excluded.seen_at`
      const dead = await query<{ name: string }>`
        WITH dead AS (
          DELETE FROM workers WHERE seen_at < clock_timestamp() - ${WORKER_SILENCE_MAX} OR ${SESSION_IS_GONE} RETURNING queue_ids
        )
        SELECT DISTINCT locked_by AS name FROM graphile_worker._private_jobs
        WHERE locked_by IN (SELECT unnest(queue_ids) FROM dead)
          -- Names that never came to be known here, or whose finder died as well.
          OR ${IS_LONG_LOCKED} AND NOT EXISTS (SELECT FROM workers WHERE locked_by = ANY (queue_ids))
        -- Its job may have ended at the moment at which it was given up.
        UNION SELECT locked_by FROM graphile_worker._private_job_queues WHERE locked_by = ${NOBODY}`
      if (dead.length > 0) await freeJobs(dead.map(({ name }) => name))
      if (beats++ % BEATS_PER_SEARCH !== 0) return
      await giveUpUnheardJobs(prisma, held)
      await bringBackLostJobs(prisma)
      await correctTimes(prisma, log)
    },

    async leave() {
      try {
        await prisma.$executeRaw`DELETE FROM workers WHERE id = ${workerId}`
      } finally {
        await session.end()
      }
    },
  }
}
