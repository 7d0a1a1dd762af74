import { Prisma } from '../../generated/prisma/client.ts'
import { msToInterval } from './sql.ts'

/** The queue's tasks, by the name of what they do. */
export const TASKS = {
  decideEvents: 'decide_events',
  /** The same for several chats, whose webhooks were stored together; its payload is a list of those of `decide_events`. */
  decideBatch: 'decide_batch',
  applyDecision: 'apply_decision',
  learnCustomer: 'learn_customer',
  ageOut: 'age_out',
} as const

/**
 * What a job may be held back for (graphile-worker's flags): while the account's budget has nothing to give, jobs that
 * would call HelpCrunch stay in the queue, in the order of their priority.
 */
export const FLAGS = { lookUp: 'look_up', move: 'move' } as const

/**
 * Lower runs first. Deciding costs no call, so it comes before all, what a worker may have died of after the rest; then moves,
 * those of the highest rule first (1-10000); then what waits for a look-up; nobody waits for what is too old to be kept.
 */
export const PRIORITIES = { decide: -20_000, decideAgain: -15_000, lookUp: 1, ageOut: 2 }

/**
 * A job never runs out of attempts by itself: it ends when its event is decided, its decision settled, or its event set
 * aside after three starts.
 */
const ATTEMPTS_MAX = 32_000

/**
 * Of a row `j` of the queue's jobs: that it will be run, or is. When a job is added anew while it runs, graphile-worker takes the key
 * and all attempts from the old row; that one stays, should its run never end.
 */
export const IS_ALIVE = Prisma.sql`(j.is_available OR j.locked_at IS NOT NULL)`

/** `SELECT` of a job that decides the waiting events of a chat; `seq` and `chatId` are SQL expressions. */
export function addDecideJob(seq: Prisma.Sql, chatId: Prisma.Sql): Prisma.Sql {
  const payload = Prisma.sql`json_build_object('chatId', ${chatId})`
  return addJob(TASKS.decideEvents, payload, eventJobKey(seq), PRIORITIES.decide, null, 0)
}

/** Of a row `j` of the queue's jobs, the rows of the chats that it is about, with their `chat_id`. */
export const CHATS_OF_JOB = Prisma.sql`(SELECT (chat ->> 'chatId')::bigint AS chat_id FROM json_array_elements(
  CASE json_typeof(j.payload) WHEN 'array' THEN j.payload ELSE json_build_array(j.payload) END) AS chat)`

/** `SELECT` of the jobs of `count` new events, `events` being a table with their `seq` and `chat_id`. */
export function addEventJobs(events: Prisma.Sql, count: number): Prisma.Sql {
  return count === 1 ? addEventJob(events) : addJobsTogether(events)
}

/** More would spare the queue little, and leave less to other workers. */
const BATCH_MAX = Prisma.raw('10')

/** No job has the key of a new event yet. The mode spares the queue the search for one, half of the time that the call takes. */
function addEventJob(events: Prisma.Sql): Prisma.Sql {
  const task = Prisma.sql`CASE WHEN chat_id IS NULL THEN ${TASKS.learnCustomer} ELSE ${TASKS.decideEvents} END`
  const payload = Prisma.sql`CASE WHEN chat_id IS NULL THEN json_build_object('seq', seq::text)
    ELSE json_build_object('chatId', chat_id) END`
  return Prisma.sql`SELECT j.id FROM ${events} AS events, LATERAL graphile_worker.add_job(${task},
    payload := ${payload}, job_key := ${eventJobKey(SEQ)}, job_key_mode := 'unsafe_dedupe',
    priority := ${PRIORITIES.decide}::int, max_attempts := ${ATTEMPTS_MAX}::int, run_at := now()) AS j`
}

/** The queue takes several as one: job by job, it would search and notify for each. */
function addJobsTogether(events: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`SELECT j.id FROM (
      SELECT array_agg((task, payload, NULL, now(), ${ATTEMPTS_MAX}::int, key, ${PRIORITIES.decide}::int, NULL)::graphile_worker.job_spec
        ORDER BY first) AS specs
      FROM (
        SELECT ${TASKS.decideBatch} AS task, json_agg(json_build_object('chatId', chat_id) ORDER BY first) AS payload, NULL AS key,
          min(first) AS first
        FROM (
          SELECT chat_id, min(seq) AS first, (row_number() OVER (ORDER BY min(seq)) - 1) / ${BATCH_MAX} AS batch
          FROM ${events} AS events WHERE chat_id IS NOT NULL GROUP BY chat_id
        ) AS chats GROUP BY batch
        UNION ALL
        SELECT ${TASKS.learnCustomer}, json_build_object('seq', seq::text), ${eventJobKey(SEQ)}, seq
        FROM ${events} AS events WHERE chat_id IS NULL
      ) AS jobs HAVING count(*) > 0
    ) AS wanted, LATERAL graphile_worker.add_jobs(wanted.specs) AS j`
}

/** The same as `addDecideJob` for an event that has to wait: for its next try, or for the budget. */
export function addLookUpJob(seq: bigint, chatId: number, delayMs: number): Prisma.Sql {
  const payload = Prisma.sql`json_build_object('chatId', ${chatId}::bigint)`
  return addJob(
    TASKS.decideEvents,
    payload,
    eventJobKey(Prisma.sql`${seq}::bigint`),
    PRIORITIES.lookUp,
    FLAGS.lookUp,
    delayMs,
  )
}

/** One job per chat, whatever happens: it looks for the newest decision when it runs; chat and priority are SQL expressions. */
export function addApplyJob(chatId: Prisma.Sql, rulePriority: Prisma.Sql, delayMs: number): Prisma.Sql {
  const payload = Prisma.sql`json_build_object('chatId', ${chatId})`
  return addJob(TASKS.applyDecision, payload, applyJobKey(chatId), Prisma.sql`(-${rulePriority})`, FLAGS.move, delayMs)
}

const SEQ = Prisma.sql`seq`

export function eventJobKey(seq: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`'event:' || ${seq}`
}

export function applyJobKey(chatId: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`'apply:' || ${chatId}`
}

/** `SELECT` of a job that learns from a customer event; `seq` is an SQL expression. */
export function addLearnJob(seq: Prisma.Sql): Prisma.Sql {
  const payload = Prisma.sql`json_build_object('seq', ${seq}::text)`
  return addJob(TASKS.learnCustomer, payload, eventJobKey(seq), PRIORITIES.decide, null, 0)
}

/** `SELECT` of the one job that deletes what is too old. `preserve_run_at` leaves one that is there already as it is. */
export function addAgeOutJob(delayMs: number, mode: 'replace' | 'preserve_run_at'): Prisma.Sql {
  return Prisma.sql`graphile_worker.add_job(${TASKS.ageOut}, job_key := ${TASKS.ageOut}, job_key_mode := ${mode},
    priority := ${PRIORITIES.ageOut}::int, max_attempts := ${ATTEMPTS_MAX}::int, run_at := now() + ${msToInterval(delayMs)})`
}

function addJob(
  task: string,
  payload: Prisma.Sql,
  key: Prisma.Sql,
  priority: number | Prisma.Sql,
  flag: string | null,
  delayMs: number,
): Prisma.Sql {
  const flags = flag === null ? Prisma.sql`NULL::text[]` : Prisma.sql`ARRAY[${flag}]`
  return Prisma.sql`graphile_worker.add_job(${task}, payload := ${payload}, job_key := ${key}, priority := ${priority}::int,
    flags := ${flags}, max_attempts := ${ATTEMPTS_MAX}::int, run_at := now() + ${msToInterval(delayMs)})`
}
