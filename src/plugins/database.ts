import { resolve } from 'node:path'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { startEmbeddedPostgres } from '../adapters/embedded-postgres/start-embedded-postgres.ts'
import { type Database, openDatabase } from '../adapters/prisma/database.ts'
import { migrate } from '../adapters/prisma/migrate.ts'

/** Jobs, the heartbeat and requests share the pool; two connections only listen, and one shows that the process lives. */
const CONNECTIONS_BESIDE_JOBS = 9

/** Opens the database of the settings, or an embedded one, brings its tables up to date, and closes it last. */
export default fp(
  async (app: FastifyInstance) => {
    const { DATABASE_URL, DATA_DIR, WORKER_CONCURRENCY } = app.config
    const embedded =
      DATABASE_URL === undefined ? await startEmbeddedPostgres({ dataDir: resolve(DATA_DIR) }) : undefined
    const url = DATABASE_URL ?? embedded?.url ?? ''
    try {
      await migrate(url)
    } catch (error) {
      await embedded?.stop()
      const place = embedded ? `The embedded database in ${DATA_DIR}` : 'The database of DATABASE_URL'
      throw new Error(`${place} cannot be used: ${reasonOf(error)}.`, { cause: error })
    }
    const database = openDatabase({
      url,
      connections: WORKER_CONCURRENCY + CONNECTIONS_BESIDE_JOBS,
      onLostConnection: (error) => app.log.warn({ err: error }, 'database.connection_lost'),
    })
    app.decorate('database', database)
    app.addHook('onClose', async () => {
      await database.close()
      await embedded?.stop()
    })
  },
  { name: 'database', dependencies: ['config'] },
)

/** A host with several addresses fails with one error for each, and says nothing itself. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join(', ')
  return error instanceof Error ? error.message : String(error)
}

declare module 'fastify' {
  interface FastifyInstance {
    database: Database
  }
}
