import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { type Database, openDatabase } from '../adapters/prisma/database.ts'
import { migrate } from '../adapters/prisma/migrate.ts'

/** Requests share these; one connection only listens, and one shows that the process lives. */
const CONNECTIONS = 8

/** What to do, where what went wrong does not say so. */
const REMEDIES: readonly (readonly [RegExp, string])[] = [
  [
    /permission denied for|no schema public/,
    'Its user must own the database, or may at least create in it and in its schema public',
  ],
  [
    /schema is not empty|another Prisma project|in the schema public, not in/,
    'Give this service a database of its own',
  ],
  [
    /unsupported startup parameter|times come in|connections are shared/,
    'Connect to Postgres directly, not through a pooler',
  ],
  [/client password must be a string/, 'The server asks for a password'],
]
const NO_URL =
  'it is no URL of one server: in the password write % as %25, # as %23, / as %2F, ? as %3F and @ as %40; a socket is postgresql:///database?host=/its/folder'

/** Longer than tables are made on a slow machine. */
const PATIENCE_MS = 5_000
const WAITING = 'the start waits for the database, for another replica that makes the tables, or for whoever holds one'

/** Brings the database's tables up to date, and opens it. */
export default fp(
  async (app: FastifyInstance) => {
    const patience = setTimeout(() => app.log.warn({ problem: WAITING }, 'database.waiting'), PATIENCE_MS)
    const url = await prepare(app).finally(() => clearTimeout(patience))
    const database = openDatabase({
      url,
      connections: CONNECTIONS,
      // At the end of an embedded server its connections end with it.
      onLostConnection: (error) => {
        if (!app.isDraining()) app.log.warn({ err: error }, 'database.connection_lost')
      },
    })
    app.decorate('database', database)
    app.addHook('onClose', () => database.close())
  },
  { name: 'database', dependencies: ['config', 'database-server', 'draining'] },
)

/** Gives the address, once the server runs and the tables are up to date. */
async function prepare(app: FastifyInstance): Promise<string> {
  const { DATABASE_URL, DATA_DIR } = app.config
  const url = await app.databaseUrl()
  try {
    await migrate(url)
    return url
  } catch (error) {
    const place = DATABASE_URL === undefined ? `The embedded database in ${DATA_DIR}` : 'The database of DATABASE_URL'
    throw new Error(`${place} cannot be used: ${reasonOf(error)}.`, { cause: error })
  }
}

/** A host with several addresses fails with one error for each, and says nothing itself. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join(', ')
  if (error instanceof TypeError && 'code' in error && error.code === 'ERR_INVALID_URL') return NO_URL
  const message = error instanceof Error ? error.message : String(error)
  const remedy = REMEDIES.find(([what]) => what.test(message))?.[1]
  return remedy === undefined ? message : `${message}. ${remedy}`
}

declare module 'fastify' {
  interface FastifyInstance {
    database: Database
  }
}
