import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { PrismaClient } from '../../generated/prisma/client.ts'
import { createQuery, createStatementNames, type Query } from './query.ts'

export interface Database {
  readonly prisma: PrismaClient
  readonly query: Query
  /** The connections of both Prisma and the queue, which speaks to Postgres itself. */
  readonly pool: pg.Pool
  close(): Promise<void>
}

export interface DatabaseOptions {
  readonly url: string
  readonly connections: number
  /** Told of connections that broke while idle; the pool replaces them by itself. */
  readonly onLostConnection: (error: Error) => void
}

/** A frozen server must become an error, never a wait: Prisma's adapter and node-postgres wait for ever by default. */
const STATEMENT_TIMEOUT_MS = 5_000
const CONNECT_TIMEOUT_MS = 2_000
/** A new connection costs 20 ms of processor time, and plans our statements anew; node-postgres would close those of a burst after 10 s. */
const IDLE_MS_MAX = 300_000

/** Opens the connection pool; connects on first use. */
export function openDatabase({ url, connections, onLostConnection }: DatabaseOptions): Database {
  const pool = new pg.Pool({
    connectionString: url,
    max: connections,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    idleTimeoutMillis: IDLE_MS_MAX,
    query_timeout: STATEMENT_TIMEOUT_MS + 1_000,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    keepAlive: true,
  })
  pool.on('error', onLostConnection)
  pool.on('connect', (client) => client.on('error', onLostConnection))
  const nameOf = createStatementNames()
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool, { statementNameGenerator: nameOf }) })
  return {
    prisma,
    query: createQuery(pool, nameOf),
    pool,
    async close() {
      await prisma.$disconnect()
      await pool.end()
    },
  }
}
