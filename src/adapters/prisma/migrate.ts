import { fork } from 'node:child_process'
import { runMigrations as migrateQueue } from 'graphile-worker'
import { instruct, programBeside } from '../program-beside.ts'
import type { MigratorOrder, MigratorReport } from './migrator.ts'
import { isUpToDate, lockMigrations, openMigrationPool, readMigrations } from './schema-migrations.ts'

/**
 * A connection keeps the plans that a function got at its first calls there, when few jobs waited as a rule: the search for jobs
 * with the same keys would read all that wait, each time, until Postgres counts them (bench/backlog.ts: 7 ms instead of 0.6).
 */
const ADD_JOBS_BY_INDEX = `DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_proc WHERE oid = 'graphile_worker.add_jobs'::regproc AND 'enable_seqscan=off' = ANY (proconfig)) THEN
    ALTER FUNCTION graphile_worker.add_jobs SET enable_seqscan = off;
  END IF;
END $$`

/** Those that take any text; the second asks no questions. */
const ENCODINGS = ['UTF8', 'SQL_ASCII']
/** What we ask for, or as good: who has set a server up so may have a pooler in between that drops what we ask for. */
const UTC = /^(Etc\/)?(UTC|GMT)$/

const FIRST_LOOK = `SELECT current_setting('transaction_read_only') AS read_only, current_setting('server_encoding') AS encoding,
  current_setting('TimeZone') AS timezone, current_schema() AS schema, pg_backend_pid() AS pid`

/**
 * Brings the database up to date: our tables by Prisma's own engine (recorded in `_prisma_migrations`, so that
 * `prisma migrate deploy` agrees), then the queue's. Replicas that start together wait for one another.
 */
export async function migrate(databaseUrl: string): Promise<void> {
  const pool = openMigrationPool(databaseUrl)
  try {
    const { rows } = await pool.query(FIRST_LOOK)
    const { read_only, encoding, timezone, schema, pid } = rows[0] ?? {}
    if (read_only === 'on') throw new Error('it takes no writes: it is a standby, or set to be read-only')
    if (!ENCODINGS.includes(encoding)) {
      throw new Error(`its encoding is ${encoding}, which has no room for most names: make it with ENCODING 'UTF8'`)
    }
    if (!UTC.test(timezone)) throw new Error(`its times come in ${timezone}, not in UTC as we ask for`)
    if (pid === (await pidOfAnother(databaseUrl))) throw new Error('its connections are shared')
    if (schema === null) throw new Error('it has no schema public that its user may use')
    if (!(await isUpToDate(pool, await readMigrations()))) await migrateAside(databaseUrl)
    await lockMigrations(pool)
    await migrateQueue({ pgPool: pool })
    await pool.query(ADD_JOBS_BY_INDEX)
  } finally {
    await pool.end()
  }
}

/**
 * Of a second connection while the first is open. Where a pooler shares connections between transactions it is the same one, and would
 * keep the lock, whoever has it next.
 */
async function pidOfAnother(databaseUrl: string): Promise<number> {
  const pool = openMigrationPool(databaseUrl)
  try {
    return (await pool.query('SELECT pg_backend_pid() AS pid')).rows[0]?.pid
  } finally {
    await pool.end()
  }
}

/**
 * By a process that then ends: of the memory that the engine needs, 20 MB would stay with us. In a session of its own, Ctrl-C reaches
 * us alone; it ends when we do.
 */
async function migrateAside(databaseUrl: string): Promise<void> {
  const migrator = fork(programBeside(import.meta.url, 'migrator'), {
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const order: MigratorOrder = { databaseUrl }
  const report = await instruct<MigratorReport>(migrator, 'migrator', order)
  if (report.kind === 'failed') throw new Error(report.message)
}
