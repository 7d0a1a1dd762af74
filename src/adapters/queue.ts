import { EventEmitter } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Logger, type Runner, run, type WorkerEvents } from 'graphile-worker'
import type pg from 'pg'
import type { Log } from '../services/log.ts'
import type { HeldJobs } from './prisma/lost-jobs.ts'
import { HEARTBEAT_MS, type WorkerRegistry } from './prisma/worker-registry.ts'
import { createGate, type Gate } from './queue-gate.ts'
import { createTaskList, type QueueTasks } from './queue-tasks.ts'
import { releaseOnce } from './release-once.ts'
import { watchRunner } from './watch-runner.ts'

export interface QueueOptions {
  readonly pool: pg.Pool
  readonly registry: WorkerRegistry
  readonly tasks: QueueTasks
  readonly concurrency: number
  readonly log: Log
}

export interface Queue {
  /** Whether jobs are being taken. */
  isRunning(): boolean
  /** Takes no new job, and waits for those under way. */
  stop(): Promise<void>
}

/** Jobs for now start at once through LISTEN; this is for those that were put off. All idle workers together ask 20 times a second. */
const POLL_MS = { min: 500, perWorker: 50, max: 2_000 }
/** How long a runner that takes no more jobs is waited for before another one starts. */
const SHUTDOWN_MS_MAX = 2_000
/** How long jobs under way have to end when the process stops; less than the process itself has. */
const STOP_MS_MAX = 7_000

/** Runs jobs with graphile-worker, starts it again when it falls, and tells the registry that this process lives. */
export async function startQueue(options: QueueOptions): Promise<Queue> {
  const { registry, log } = options
  const gate = createGate()
  let held: HeldJobs = { queueIds: [], jobIds: new Set() }
  let stopping = false
  let runner: Runner | undefined

  const beat = async () => {
    await registry.beat(held).catch((error: unknown) => log.error({ err: error }, 'worker.beat_failed'))
  }
  /** One life of a runner, until it takes no more jobs. */
  const runOnce = async () => {
    const queueIds: string[] = []
    const jobIds = new Set<string>()
    held = { queueIds, jobIds }
    const onPool = (id: string) => {
      queueIds.push(id)
      void beat() // so that the others know whose jobs these are, should it die in the next second
    }
    const ended = Promise.withResolvers<void>()
    let isOver = false
    const running = async () => {
      const started = await startRunner(options, gate, { jobIds, onPool, onEnd: ended.resolve })
      // A stop that came while it was starting, or the end of our patience, had nothing to stop yet.
      if (stopping || isOver) return started.stop()
      runner = started
      await started.promise
    }
    const life = running()
    try {
      await Promise.race([life, ended.promise])
      if (!stopping) throw new Error('The runner has ended.')
    } catch (error) {
      log.error({ err: error }, 'queue.fell')
    }
    isOver = true
    // Nobody has the runner to wait for that was stopped while it started: it says that it takes no more jobs before the ends of its
    // last ones are recorded.
    if (stopping && runner === undefined) await life.catch(() => undefined)
    // One that was only silent must not wake up beside the next; most have stopped already, and say so by an error.
    if (!stopping) runner?.stop().catch(() => undefined)
    runner = undefined
  }
  const supervise = async () => {
    while (!stopping) {
      await runOnce()
      if (!stopping) await sleep(500)
    }
  }

  /** Fails when the runner is about to fall; then there is nothing left to stop. */
  const endRunner = async () => {
    await runner?.stop().catch((error: unknown) => log.warn({ err: error }, 'queue.not_stopped'))
    await supervision
  }

  await registry.beat(held) // claims are only as good as the life of their worker: be known first
  const supervision = supervise()
  const heartbeat = setInterval(beat, HEARTBEAT_MS)
  return {
    isRunning: () => runner !== undefined,
    async stop() {
      stopping = true
      await Promise.race([endRunner(), sleep(STOP_MS_MAX, undefined, { ref: false })])
      clearInterval(heartbeat)
    },
  }
}

interface RunnerEvents {
  /** Holds the jobs under way. */
  readonly jobIds: Set<string>
  /** It locks jobs for all of its workers. */
  onPool(queueId: string): void
  /** It takes no more jobs, for whatever reason. */
  onEnd(): void
}

async function startRunner(
  options: QueueOptions,
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
