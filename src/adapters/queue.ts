import { setTimeout as sleep } from 'node:timers/promises'
import type { HeldJobs } from './prisma/lost-jobs.ts'
import { HEARTBEAT_MS, type WorkerRegistry } from './prisma/worker-registry.ts'
import { createGate } from './queue-gate.ts'
import { type Runner, type RunnerOptions, startRunner } from './queue-runner.ts'

export interface QueueOptions extends RunnerOptions {
  readonly registry: WorkerRegistry
}

export interface Queue {
  /** Whether jobs are being taken. */
  isRunning(): boolean
  /** Takes no new job, and waits for those under way. */
  stop(): Promise<void>
}

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
