import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { startEmbeddedPostgres } from '../adapters/embedded-postgres/start-embedded-postgres.ts'

/** A database that lives as long as the sandbox. */
export interface SandboxDatabase {
  readonly url: string
  readonly where: string
  /** Leaves nothing behind. */
  stop(): Promise<void>
}

const CONNECT_TIMEOUT_MS = 5_000
/** Nothing of it outlives the sandbox, so nothing has to reach a disk. */
const THROWN_AWAY = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }

/** An embedded Postgres in a temporary folder, or a new database on the server of `serverUrl`, which is otherwise not touched. */
export async function startSandboxDatabase(serverUrl: string | undefined): Promise<SandboxDatabase> {
  return serverUrl ? createOn(serverUrl) : startOwn()
}

async function startOwn(): Promise<SandboxDatabase> {
  const dataDir = await mkdtemp(join(tmpdir(), 'helpcrunch-router-sandbox-'))
  const postgres = await startEmbeddedPostgres({ dataDir, settings: THROWN_AWAY }).catch(async (error: unknown) => {
    await rm(dataDir, { recursive: true, force: true })
    throw error
  })
  return {
    url: postgres.url,
    where: 'embedded, in a temporary folder',
    async stop() {
      // A server that has fallen over may never be reported as stopped. Not before: a living one needs its folder to end well.
      process.once('exit', () => rmSync(dataDir, { recursive: true, force: true, maxRetries: 3 }))
      await postgres.stop()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

async function createOn(serverUrl: string): Promise<SandboxDatabase> {
  if (!/^postgres(ql)?:\/\//.test(serverUrl) || !URL.canParse(serverUrl)) {
    throw new Error('DATABASE_URL is no address of a Postgres, such as postgresql://user:password@host:5432/database.')
  }
  const name = `hcr_sandbox_${randomBytes(4).toString('hex')}`
  await execute(serverUrl, `CREATE DATABASE ${name}`)
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  return {
    url: url.href,
    where: `on the server of DATABASE_URL, in the new database ${name}`,
    stop: () => execute(serverUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  }
}

async function execute(serverUrl: string, sql: string): Promise<void> {
  try {
    const client = new pg.Client({ connectionString: serverUrl, connectionTimeoutMillis: CONNECT_TIMEOUT_MS })
    // A connection that breaks later is an event too, and nobody else listens.
    client.on('error', () => undefined)
    await client.connect()
    await client.query(sql).finally(() => client.end())
  } catch (error) {
    // A refused connection has a code and an empty message.
    const why = error instanceof Error && (error.message || ('code' in error && String(error.code)))
    throw new Error(`The Postgres of DATABASE_URL did not do "${sql}": ${why || error}`, { cause: error })
  }
}
