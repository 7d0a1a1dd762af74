import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { PrismaClient } from '../../generated/prisma/client.ts'
import { createQuery, createStatementNames, type Query } from './query.ts'
import { withSession } from './session-options.ts'

export interface Database {
  readonly prisma: PrismaClient
  /** The statements of a chat's way, on connections of their own. */
  readonly query: Query
  readonly pool: pg.Pool
  /** The connections of the queue, which speaks to Postgres itself. */
  readonly queuePool: pg.Pool
  close(): Promise<void>
}

export interface DatabaseOptions {
  readonly url: string
  /** At most; the statements of a chat's way have `CHAT_CONNECTIONS` besides, the queue `QUEUE_CONNECTIONS`. */
  readonly connections: number
  /** Told of connections that broke while idle; the pool replaces them by itself. */
  readonly onLostConnection: (error: Error) => void
}

/** A frozen server must become an error, never a wait: Prisma's adapter and node-postgres wait for ever by default. */
const STATEMENT_TIMEOUT_MS = 5_000
const CONNECT_TIMEOUT_MS = 2_000
/** Who only listens asks nothing: that the server has gone without a word it would hear after the system's two hours. */
const KEEP_ALIVE_MS = 10_000
/** A new connection costs 20 ms of processor time, and plans our statements anew; node-postgres would close those of a burst after 10 s. */
const IDLE_MS_MAX = 300_000

/** One listens; the others take jobs and report their ends, a millisecond for each. */
export const QUEUE_CONNECTIONS = 4

/** Each step of all chats is one statement at a time, whatever the number of chats in work; some steps are still a chat's own. */
const CHAT_CONNECTIONS = 10

/**
 * Postgres plans the statements once for each connection, often while few rows wait, when reading all of them is the best plan;
 * behind a backlog it is the worst (bench/backlog.ts). So they are planned by index from the start.
 */
const QUEUE_PLANS = '-c enable_seqscan=off -c enable_sort=off -c jit=off'
/**
 * A crash of Postgres itself may undo what was said last of jobs that exist: that one was taken, has ended, or is put off. Then it is
 * run once more, and finds done what is done; so nobody waits for the disk there.
 */
const QUEUE_COMMITS = '-c synchronous_commit=off'
/** A statement for several chats goes through their rows, and looks each up in the tables, however small those were when it was planned. */
const CHAT_PLANS = ['seqscan', 'bitmapscan', 'hashjoin', 'mergejoin', 'material']
  .map((way) => `-c enable_${way}=off`)
  .concat('-c random_page_cost=0.1', '-c plan_cache_mode=force_generic_plan') // once, however many chats it is for
  .concat('-c jit=off') // before Postgres 18, a way that is off and taken all the same costs so much that it compiles the plan
  .join(' ')

/** Opens the connection pools; connects on first use. */
export function openDatabase(options: DatabaseOptions): Database {
  const pool = openPool(options)
  const queuePool = openQueuePool(options)
  const chatPool = openPool({ ...options, connections: CHAT_CONNECTIONS }, CHAT_PLANS)
  const nameOf = createStatementNames()
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool, { statementNameGenerator: nameOf }) })
  return {
    prisma,
    query: createQuery(chatPool, nameOf),
    pool,
    queuePool,
    async close() {
      await prisma.$disconnect()
      await Promise.all([pool.end(), chatPool.end(), queuePool.end()])
    },
  }
}

export function openQueuePool(options: Omit<DatabaseOptions, 'connections'>): pg.Pool {
  return openPool({ ...options, connections: QUEUE_CONNECTIONS }, `${QUEUE_PLANS} ${QUEUE_COMMITS}`)
}

function openPool({ url, connections, onLostConnection }: DatabaseOptions, options = ''): pg.Pool {
  const pool = new pg.Pool({
    connectionString: withSession(url, options),
    max: connections,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    idleTimeoutMillis: IDLE_MS_MAX,
    query_timeout: STATEMENT_TIMEOUT_MS + 1_000,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
  })
  pool.on('error', onLostConnection)
  pool.on('connect', (client) => client.on('error', onLostConnection))
  return pool
}
