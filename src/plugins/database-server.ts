import { resolve } from 'node:path'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../adapters/embedded-postgres/start-embedded-postgres.ts'

const WITHOUT_KEEPER = 'Nobody would start the server again, so the service ends; its next start puts that right.'
const NEVER = new Promise<never>(() => {})

/**
 * Where no server is set, starts an embedded one, without waiting for it; it is stopped last of all. When its keeper ends before, the
 * process does, by an error that nobody handles.
 */
export default fp(
  async (app: FastifyInstance) => {
    const { DATABASE_URL, DATA_DIR } = app.config
    let isStopping = false
    const endWithKeeper = ({ keeperEnded }: EmbeddedPostgres) =>
      keeperEnded.then((how) => {
        if (!isStopping) throw new Error(`The keeper of the embedded Postgres ${how}. ${WITHOUT_KEEPER}`)
      })
    const starting =
      DATABASE_URL === undefined
        ? startIn(resolve(DATA_DIR))
        : Promise.resolve({ url: DATABASE_URL, stop: async () => {}, keeperEnded: NEVER })
    starting.then(endWithKeeper, () => {}) // whoever asks for the address gets the error of a start that failed
    app.decorate('databaseUrl', async () => (await starting).url)
    app.addHook('onClose', async () => {
      isStopping = true
      const server = await starting.catch(() => undefined)
      await server?.stop()
    })
  },
  { name: 'database-server', dependencies: ['config'] },
)

async function startIn(dataDir: string): Promise<EmbeddedPostgres> {
  try {
    return await startEmbeddedPostgres({ dataDir })
  } catch (error) {
    throw new Error(`DATA_DIR: ${error instanceof Error ? error.message : error}`, { cause: error })
  }
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Of the server, once it runs; rejects when it could not be started. */
    databaseUrl(): Promise<string>
  }
}
