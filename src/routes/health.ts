import type { FastifyInstance } from 'fastify'
import { CHECK_LIFE, CHECK_READINESS } from './schemas/service-operations.ts'

/** `/healthz`: the process answers, without any I/O. `/readyz`: it can do its work; HelpCrunch's own health does not matter to it. */
export default async function health(app: FastifyInstance): Promise<void> {
  let draining = false
  app.addHook('preClose', async () => {
    draining = true
  })

  app.get('/healthz', { config: { operation: CHECK_LIFE } }, async () => ({ status: 'ok' }))

  app.get('/readyz', { config: { operation: CHECK_READINESS } }, async (request, reply) => {
    const database = await app.services.pingDatabase().then(
      () => true,
      (error: unknown) => {
        request.log.warn({ err: error }, 'readiness.no_database')
        return false
      },
    )
    const queue = app.queue === undefined || app.queue.isRunning()
    const ready = database && queue && !draining
    const word = (good: boolean) => (good ? 'ok' : 'failing')
    const checks = { database: word(database), queue: word(queue), draining }
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not_ready', checks })
  })
}
