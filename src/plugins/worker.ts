import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { correctTimes } from '../adapters/prisma/correct-times.ts'
import { scheduleAging } from '../adapters/prisma/old-records.ts'
import { createWorkerRegistry } from '../adapters/prisma/worker-registry.ts'
import { type Queue, startQueue } from '../adapters/queue.ts'

/**
 * How long calls under way are waited for at a stop; what follows one that was broken off, fits into what the queue has to end. A
 * start without an end would count against its event, as if that had killed the process.
 */
const CALLS_MS_MAX = 5_000

/** Works off the queue, unless this process only answers the web. On close it takes no new job and finishes those under way. */
export default fp(
  async (app: FastifyInstance) => {
    app.decorate<Queue | undefined>('queue', undefined)
    if (app.config.ROLE === 'web') return
    const { prisma, queuePool } = app.database
    await correctTimes(prisma, app.log) // first, as what is scheduled again keeps its time, and tells no more when that was set
    await scheduleAging(prisma)
    const registry = createWorkerRegistry(app.database, app.services.workerId, app.log)
    // Also when the queue does not start: the connection that shows that this process lives would keep it alive.
    app.addHook('onClose', async () => {
      await registry.leave().catch((error: unknown) => app.log.error({ err: error }, 'worker.leave_failed'))
    })
    app.queue = await startQueue({
      pool: queuePool,
      registry,
      tasks: app.services,
      concurrency: app.config.WORKER_CONCURRENCY,
      log: app.log,
    })
    let stopped: Promise<void> | undefined
    // Not after the requests under way: a slow one would take the time that the calls need.
    app.addHook('preClose', async () => {
      const patience = setTimeout(() => void app.services.abortCalls(), CALLS_MS_MAX)
      stopped = app.queue?.stop().finally(() => clearTimeout(patience))
    })
    app.addHook('onClose', () => stopped)
  },
  { name: 'worker', dependencies: ['services'] },
)

declare module 'fastify' {
  interface FastifyInstance {
    /** Undefined where ROLE is `web`. */
    queue: Queue | undefined
  }
}
