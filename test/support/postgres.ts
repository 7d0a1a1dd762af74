import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { startEmbeddedPostgres } from '../../src/adapters/embedded-postgres/start-embedded-postgres.ts'
import { migrate } from '../../src/adapters/prisma/migrate.ts'
import { copyPristineCluster } from './pristine-cluster.ts'
import { outermost, type Scope } from './scope.ts'

/** A server for tests, with one migrated database that the others are copied from. */
export interface TestServer {
  readonly url: string
  readonly template: string
  stop(): Promise<void>
}

/** Everything in it is thrown away, so nothing has to reach a disk; and connections, of which there are thousands, cost little. */
const FAST = {
  ...{ fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', autovacuum: 'off', wal_level: 'minimal' },
  ...{ max_wal_senders: '0', shared_buffers: '16MB', max_connections: '300', jit: 'off', io_method: 'sync' },
}

/** Uses the server of DATABASE_URL when there is one, else an embedded one. Only databases of its own making are touched. */
export async function startTestServer(): Promise<TestServer> {
  const { DATABASE_URL: given } = process.env
  return given ? prepareServer(given) : startOwnServer()
}

async function prepareServer(url: string): Promise<TestServer> {
  const template = `hcr_template_${randomUUID().slice(0, 8)}`
  await query(url, `CREATE DATABASE ${template}`)
  await migrate(withDatabase(url, template))
  return {
    url,
    template,
    async stop() {
      await query(url, `DROP DATABASE ${template} WITH (FORCE)`)
    },
  }
}

async function startOwnServer(): Promise<TestServer> {
  const dataDir = await mkdtemp(join(tmpdir(), 'helpcrunch-router-test-'))
  await copyPristineCluster(dataDir)
  const embedded = await startEmbeddedPostgres({ dataDir, settings: FAST })
  const template = 'hcr_template'
  // A database that is copied must have no connection: not this one either.
  await query(withDatabase(embedded.url, 'template1'), `CREATE DATABASE ${template} TEMPLATE postgres`)
  return {
    url: embedded.url,
    template,
    async stop() {
      await embedded.stop()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

/** An empty, migrated database of its own, dropped when the test ends. */
export async function createDatabase(t: Scope): Promise<string> {
  const server = await sharedServer(t)
  administration ??= openAdministration(server.url)
  const name = `hcr_test_${randomUUID().replaceAll('-', '')}`
  // Copying its files takes a quarter of the time that copying its blocks through the log does.
  await administration.query(`CREATE DATABASE ${name} TEMPLATE ${server.template} STRATEGY FILE_COPY`)
  t.teardown(() => administration?.query(`DROP DATABASE ${name} WITH (FORCE)`))
  return withDatabase(server.url, name)
}

/** Creates and drops databases: a connection takes about as long as the statement, so a process has one for all. */
let administration: pg.Pool | undefined

function openAdministration(url: string): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max: 1, allowExitOnIdle: true })
  return pool.on('error', () => {}) // it outlives a server that was started for one file
}

/** The server that `test/run.ts` started for all files; a file that runs alone starts its own. */
async function sharedServer(t: Scope): Promise<Pick<TestServer, 'url' | 'template'>> {
  const { TEST_SERVER_URL: url, TEST_SERVER_TEMPLATE: template } = process.env
  if (url && template) return { url, template }
  own ??= startTestServer().then((server) => {
    outermost(t).teardown(() => server.stop())
    return server
  })
  return own
}

let own: Promise<TestServer> | undefined

/** Runs statements on a connection that lasts as long as the test; Postgres starts a process for each, so one is opened for many. */
export async function openConnection(t: Scope, url: string): Promise<Statement> {
  const pool = new pg.Pool({ connectionString: url, max: 1 })
  pool.on('error', () => {}) // a test may take the database away; the next statement connects again
  t.teardown(() => pool.end())
  return async (text, values = []) => (await pool.query(text, values)).rows
}

export type Statement = <Row extends pg.QueryResultRow>(text: string, values?: unknown[]) => Promise<Row[]>

/** Runs one statement on a connection of its own. */
export async function query<Row extends pg.QueryResultRow>(
  url: string,
  sql: string,
  values: unknown[] = [],
): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<Row>(sql, values)).rows
  } finally {
    await client.end()
  }
}

function withDatabase(url: string, name: string): string {
  const changed = new URL(url)
  changed.pathname = `/${name}`
  return changed.href
}
