import pLimit from 'p-limit'
import { isPassing } from '../domain/passing-trouble.ts'
import type { Log } from '../services/log.ts'
import type { WorkEnding } from '../services/waiting-event.ts'
import { FLAGS, TASKS } from './prisma/jobs.ts'
import type { Gate } from './queue-gate.ts'

/** The work that jobs ask for. */
export interface QueueTasks {
  decideEvents(chatId: number): Promise<WorkEnding>
  applyDecision(chatId: number): Promise<WorkEnding>
  learnCustomer(seq: bigint): Promise<void>
  ageOut(): Promise<void>
}

/** What graphile-worker tells a task of its job, as far as it matters here. */
interface JobHelpers {
  readonly job: {
    readonly key: string | null
    readonly priority: number
    readonly flags: Readonly<Record<string, true>> | null
    readonly max_attempts: number
  }
  query(text: string, values: unknown[]): Promise<unknown>
}

interface TaskListOptions {
  readonly gate: Gate
  readonly concurrency: number
  readonly isStopping: () => boolean
  readonly log: Log
}

/** How soon a job that found its chat taken comes again. */
const BUSY_DELAY_MS = 200
/** The same of one that met trouble which passes; after ten failures the queue itself would wait for six hours. */
const TROUBLE_DELAY_MS = 10_000

/**
 * The queue's tasks. Those under way work on `concurrency` chats together, however many chats a job is about. The chats that have not
 * had their turn when the queue stops are left to others.
 */
export function createTaskList(tasks: QueueTasks, { gate, concurrency, isStopping, log }: TaskListOptions) {
  const inTurn = pLimit(concurrency)
  const throughTrouble = async (again: Again, helpers: JobHelpers, work: () => Promise<void>) => {
    try {
      await work()
    } catch (error) {
      if (!isPassing(error)) throw error
      const problem = `${again.task} ${JSON.stringify(again.payload)} comes again in ${TROUBLE_DELAY_MS / 1_000} s.`
      log.error({ err: error, problem }, 'queue.failed')
      await addAgain(again, helpers, TROUBLE_DELAY_MS)
    }
  }
  const onChat = (task: ChatTask, payload: unknown, helpers: JobHelpers, key: string | null) =>
    inTurn(async () => {
      const again = { task, payload, key }
      if (isStopping()) return addAgain(again, helpers, 0)
      const work = task === TASKS.decideEvents ? tasks.decideEvents : tasks.applyDecision
      return throughTrouble(again, helpers, async () => {
        const ending = await work(readNumber(payload, 'chatId'))
        if (ending.kind === 'postponed' && ending.waitMs !== undefined) {
          gate.close(HELD_BACK[ending.call], ending.waitMs)
        }
        if (ending.kind === 'busy') await addAgain(again, helpers, BUSY_DELAY_MS)
      })
    })
  return {
    [TASKS.decideEvents]: (payload: unknown, helpers: JobHelpers) =>
      onChat(TASKS.decideEvents, payload, helpers, helpers.job.key),
    // Of those that fail, and only of those, graphile-worker runs the job again (https://worker.graphile.org/docs/tasks#batch-jobs).
    [TASKS.decideBatch]: (payload: unknown, helpers: JobHelpers) =>
      readList(payload).map((chat) => onChat(TASKS.decideEvents, chat, helpers, null)),
    [TASKS.applyDecision]: (payload: unknown, helpers: JobHelpers) =>
      onChat(TASKS.applyDecision, payload, helpers, helpers.job.key),
    [TASKS.learnCustomer]: (payload: unknown, helpers: JobHelpers) =>
      throughTrouble({ task: TASKS.learnCustomer, payload, key: helpers.job.key }, helpers, () =>
        tasks.learnCustomer(BigInt(readNumber(payload, 'seq'))),
      ),
    [TASKS.ageOut]: () => tasks.ageOut(),
  }
}

type ChatTask = typeof TASKS.decideEvents | typeof TASKS.applyDecision

/** The job for one chat's work, or for one customer event, should it have to come again. */
interface Again {
  readonly task: ChatTask | typeof TASKS.learnCustomer
  readonly payload: unknown
  readonly key: string | null
}

/** A move that gets nothing from the budget closes the gate to look-ups too; not the other way round. */
const HELD_BACK = { look_up: [FLAGS.lookUp], move: [FLAGS.lookUp, FLAGS.move] } as const

const ADD_AGAIN = `SELECT graphile_worker.add_job($1, payload := $2::json, job_key := $3, priority := $4::int,
  flags := $5::text[], max_attempts := $6::int, run_at := now() + make_interval(secs => $7::float8 / 1000))`

async function addAgain({ task, payload, key }: Again, { job, query }: JobHelpers, delayMs: number): Promise<void> {
  const { priority, flags, max_attempts: attemptsMax } = job
  // By the database's clock: graphile-worker's own addJob takes a time of this machine, whose clock may be hours off.
  await query(ADD_AGAIN, [task, payload, key, priority, Object.keys(flags ?? {}), attemptsMax, delayMs])
}

function readList(payload: unknown): readonly unknown[] {
  if (!Array.isArray(payload)) throw new Error('A batch job came without a list.')
  return payload
}

function readNumber(payload: unknown, name: string): number {
  const value = typeof payload === 'object' && payload !== null ? Reflect.get(payload, name) : undefined
  const number = Number(value)
  if (!Number.isSafeInteger(number)) throw new Error(`A job came without ${name}.`)
  return number
}
