import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { CHECK_LIFE, CHECK_READINESS } from './schemas/service-operations.ts'

/** As long as a webhook waits for the same database: a frozen one must be told of, a slow one still does its work. */
const PING_MS_MAX = 1_500

/** `/healthz`: the process answers, without any I/O. `/readyz`: it can do its work; HelpCrunch's own health does not matter to it. */
export default async function health(app: FastifyInstance): Promise<void> {
  let asking: Promise<boolean> | undefined
  /** Who asks while the database is being asked waits for the same answer: anybody may ask, as often as they like. */
  const askDatabase = (): Promise<boolean> => {
    asking ??= pingInTime(app).finally(() => {
      asking = undefined
    })
    return asking
  }

  app.get('/healthz', { config: { operation: CHECK_LIFE } }, async () => ({ status: 'ok' }))

  app.get('/readyz', { config: { operation: CHECK_READINESS } }, async (_request, reply) => {
    const draining = app.isDraining()
    const database = await askDatabase()
    const queue = app.queue === undefined || app.queue.isRunning()
    const ready = database && queue && !draining
    const word = (good: boolean) => (good ? 'ok' : 'failing')
    const checks = { database: word(database), queue: word(queue), draining }
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not_ready', checks })
  })
}

async function pingInTime({ services, log }: FastifyInstance): Promise<boolean> {
  const answered = services.pingDatabase().then(
    () => true,
    (error: unknown) => {
      log.warn({ err: error }, 'readiness.no_database')
      return false
    },
  )
  return Promise.race([answered, sleep(PING_MS_MAX, false, { ref: false })])
}
