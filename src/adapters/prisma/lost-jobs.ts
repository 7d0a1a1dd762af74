import type { PrismaClient } from '../../generated/prisma/client.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import { addAgeOutJob, addApplyJob, addDecideJob, applyJobKey, CHATS_OF_JOB, IS_ALIVE, TASKS } from './jobs.ts'

/** What the queue has given to this process. */
export interface HeldJobs {
  /** The names under which the queue has locked them. */
  readonly queueIds: readonly string[]
  /** Those that are being worked on. */
  readonly jobIds: ReadonlySet<string>
}

/** The name under which what was given up is locked until it is freed. */
export const NOBODY = 'nobody'

/**
 * That a job was locked longer ago than a statement may take: who has not heard by now that it got it will not hear of it. A lock of a time
 * to come is from before the database's clock was set back.
 */
export const IS_LONG_LOCKED = Prisma.sql`locked_at NOT BETWEEN clock_timestamp() - interval '8 s' AND clock_timestamp() + interval '8 s'`

/**
 * Gives up jobs that are locked for this process and that no worker of it has: their lock was committed, and the answer was
 * lost with its connection. graphile-worker would keep them locked for four hours. What is locked by nobody is freed like the
 * jobs of the dead.
 */
export async function giveUpUnheardJobs(prisma: PrismaClient, { queueIds, jobIds }: HeldJobs): Promise<void> {
  await prisma.$executeRaw`
    WITH unheard AS (
      UPDATE graphile_worker._private_jobs SET locked_by = ${NOBODY}
      WHERE locked_by = ANY (${[...queueIds]}::text[]) AND ${IS_LONG_LOCKED}
        AND id <> ALL (${[...jobIds]}::bigint[])
      RETURNING job_queue_id
    )
    UPDATE graphile_worker._private_job_queues SET locked_by = ${NOBODY} WHERE id IN (SELECT job_queue_id FROM unheard)`
}

/** Work under way may be without a job for a moment, when the job of another event of its chat does it. */
const WAITING_MIN = Prisma.sql`interval '30 s'`

/**
 * Gives open work a job that has none. It loses its job when a living worker, taken for dead, puts off the job that was freed
 * meanwhile: graphile-worker changes the row, as it is not locked any more, and deletes it when the worker's run has ended,
 * as it does not ask who holds the lock.
 */
export async function bringBackLostJobs(prisma: PrismaClient): Promise<void> {
  await prisma.$queryRaw`
    WITH lost AS (
      SELECT c.id, c.pending_priority FROM chats c
      WHERE c.pending_decision_id IS NOT NULL
        AND NOT EXISTS (SELECT FROM graphile_worker._private_jobs j WHERE j.key = ${applyJobKey(Prisma.sql`c.id`)})
        -- Whoever decides also makes the call, as a rule, without a job for it.
        AND NOT EXISTS (SELECT FROM workers w WHERE w.id = c.claimed_by)
    )
    SELECT count(j.id) FROM lost, LATERAL ${addApplyJob(Prisma.sql`lost.id`, Prisma.sql`lost.pending_priority`, 0)} AS j`
  // Any job that decides events of a chat decides all of them.
  await prisma.$queryRaw`
    WITH lost AS (
      SELECT DISTINCT ON (e.chat_id) e.seq, e.chat_id FROM webhook_events e
      WHERE e.status = 'waiting' AND e.chat_id IS NOT NULL AND e.received_at < clock_timestamp() - ${WAITING_MIN}
        AND NOT EXISTS (
          SELECT FROM graphile_worker._private_jobs j JOIN graphile_worker._private_tasks t ON t.id = j.task_id, LATERAL ${CHATS_OF_JOB} AS job
          WHERE t.identifier IN (${TASKS.decideEvents}, ${TASKS.decideBatch}) AND ${IS_ALIVE} AND job.chat_id = e.chat_id
        )
    )
    SELECT count(j.id) FROM lost, LATERAL ${addDecideJob(Prisma.sql`lost.seq`, Prisma.sql`lost.chat_id`)} AS j`
  // The next run is scheduled by the one before it, and may be lost in the same way.
  await prisma.$queryRaw`
    SELECT count(j.id) FROM (
      SELECT WHERE NOT EXISTS (SELECT FROM graphile_worker._private_jobs WHERE key = ${TASKS.ageOut})
    ) AS lost, LATERAL ${addAgeOutJob(0, 'preserve_run_at')} AS j`
}
