import { EventEmitter } from 'node:events'
import { Logger, type Runner, run, type WorkerEvents } from 'graphile-worker'
import type pg from 'pg'
import type { Log } from '../services/log.ts'
import type { Gate } from './queue-gate.ts'
import { createTaskList, type QueueTasks } from './queue-tasks.ts'
import { releaseOnce } from './release-once.ts'
import { watchRunner } from './watch-runner.ts'

export type { Runner }

export interface RunnerOptions {
  readonly pool: pg.Pool
  readonly tasks: QueueTasks
  readonly concurrency: number
  readonly log: Log
}

/** Jobs for now start at once through LISTEN; this is for those that were put off. All idle workers together ask 20 times a second. */
const POLL_MS = { min: 500, perWorker: 50, max: 2_000 }
/** How long a runner that takes no more jobs is waited for before another one starts. */
const SHUTDOWN_MS_MAX = 2_000

export interface RunnerEvents {
  /** Holds the jobs under way. */
  readonly jobIds: Set<string>
  /** It locks jobs for all of its workers. */
  onPool(queueId: string): void
  /** It takes no more jobs, for whatever reason. */
  onEnd(): void
}

/** Starts a runner, which takes jobs from now on. */
export async function startRunner(
  options: RunnerOptions,
  gate: Gate,
  { jobIds, onPool, onEnd }: RunnerEvents,
): Promise<Runner> {
  const events: WorkerEvents = new EventEmitter()
  events.on('pool:create', ({ workerPool }) => onPool(workerPool.id))
  // When the database did not take the ends of several jobs, the runner's own promise stays open for ever (its count of open
  // batches goes below zero: https://github.com/graphile/worker/issues/636).
  // Nor does its shutdown always come to an end: workers wait for batches that are never reported. So there is a bound, and
  // whatever is still under way then is held to order by its claim.
  let isStopping = false
  events.on('pool:gracefulShutdown', () => {
    isStopping = true
    setTimeout(onEnd, SHUTDOWN_MS_MAX).unref()
  })
  events.on('pool:gracefulShutdown:complete', onEnd)
  events.on('pool:gracefulShutdown:error', onEnd)
  events.on('job:start', ({ job }) => void jobIds.add(job.id))
  events.on('job:complete', ({ job }) => void jobIds.delete(job.id))
  const unwatch = watchRunner(events, { jobIds, concurrency: options.concurrency }, onEnd)
  events.on('stop', unwatch)
  const running = run({
    pgPool: releaseOnce(options.pool),
    concurrency: options.concurrency,
    taskList: createTaskList(options.tasks, {
      ...{ gate, concurrency: options.concurrency, log: options.log },
      isStopping: () => isStopping,
    }),
    forbiddenFlags: () => gate.closedFlags(),
    // Unless it batches the ends of jobs, graphile-worker 0.18 leaves their promises to nobody, and a database that is away
    // when a job ends would end the process. With batches it ends the runner, which starts again.
    preset: { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
    pollInterval: Math.min(POLL_MS.max, Math.max(POLL_MS.min, options.concurrency * POLL_MS.perWorker)),
    noHandleSignals: true,
    events,
    logger: new Logger(() => (level, message, meta) => {
      if (message.startsWith('WARNING: having maxPoolSize')) return // fewer connections than jobs are what is meant: QUEUE_CONNECTIONS
      const fields = { err: meta?.error ?? meta?.fatalError, problem: message } // not the rest: whole rows of jobs are in it
      if (level === 'error') options.log.error(fields, 'queue.failed')
      else if (level === 'warning') options.log.warn(fields, 'queue.warning')
    }),
  })
  running.catch(unwatch)
  return running
}
