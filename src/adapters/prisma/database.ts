import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { PrismaClient } from '../../generated/prisma/client.ts'
import { createQuery, createStatementNames, type Query } from './query.ts'

export interface Database {
  readonly prisma: PrismaClient
  readonly query: Query
  readonly pool: pg.Pool
  /** The connections of the queue, which speaks to Postgres itself. */
  readonly queuePool: pg.Pool
  close(): Promise<void>
}

export interface DatabaseOptions {
  readonly url: string
  /** At most; the queue has `QUEUE_CONNECTIONS` besides. */
  readonly connections: number
  /** Told of connections that broke while idle; the pool replaces them by itself. */
  readonly onLostConnection: (error: Error) => void
}

/** A frozen server must become an error, never a wait: Prisma's adapter and node-postgres wait for ever by default. */
const STATEMENT_TIMEOUT_MS = 5_000
const CONNECT_TIMEOUT_MS = 2_000
/** A new connection costs 20 ms of processor time, and plans our statements anew; node-postgres would close those of a burst after 10 s. */
const IDLE_MS_MAX = 300_000

/** One listens; the others take jobs and report their ends, a millisecond for each. */
export const QUEUE_CONNECTIONS = 4

/**
 * Postgres plans the queue's statements once for each connection, often while few jobs wait, when reading all of them is the
 * best plan; behind a backlog it is the worst (bench/backlog.ts). So they are planned by index from the start.
 */
const PLAN_BY_INDEX = 'SET enable_seqscan = off; SET enable_sort = off'

/** Opens the connection pools; connects on first use. */
export function openDatabase(options: DatabaseOptions): Database {
  const pool = openPool(options)
  const queuePool = openQueuePool(options)
  const nameOf = createStatementNames()
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool, { statementNameGenerator: nameOf }) })
  return {
    prisma,
    query: createQuery(pool, nameOf),
    pool,
    queuePool,
    async close() {
      await prisma.$disconnect()
      await Promise.all([pool.end(), queuePool.end()])
    },
  }
}

export function openQueuePool(options: Omit<DatabaseOptions, 'connections'>): pg.Pool {
  const onConnect = (client: pg.ClientBase) => client.query(PLAN_BY_INDEX)
  return openPool({ ...options, connections: QUEUE_CONNECTIONS }, { onConnect })
}

function openPool({ url, connections, onLostConnection }: DatabaseOptions, more: pg.PoolConfig = {}): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: connections,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    idleTimeoutMillis: IDLE_MS_MAX,
    query_timeout: STATEMENT_TIMEOUT_MS + 1_000,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    keepAlive: true,
    ...more,
  })
  pool.on('error', onLostConnection)
  pool.on('connect', (client) => client.on('error', onLostConnection))
  return pool
}
