import { readFileSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PrismaPg } from '@prisma/adapter-pg'
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils'
import type { MigrationList, SchemaEngine } from '@prisma/schema-engine-wasm'
import { runMigrations as migrateQueue } from 'graphile-worker'
import pg from 'pg'

const PRISMA_DIR = fileURLToPath(import.meta.resolve('#prisma'))
const FILTERS = { externalTables: [], externalEnums: [] }

/** Any number will do, as long as every replica uses the same one. */
const MIGRATION_LOCK = 7_236_451

/** More than a server needs that was just started on a busy machine. */
const CONNECT_TIMEOUT_MS = 30_000

/**
 * A connection keeps the plans that a function got at its first calls there, when few jobs waited as a rule: the search for jobs
 * with the same keys would read all that wait, each time, until Postgres counts them (bench/backlog.ts: 7 ms instead of 0.6).
 */
const ADD_JOBS_BY_INDEX = `DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_proc WHERE oid = 'graphile_worker.add_jobs'::regproc AND 'enable_seqscan=off' = ANY (proconfig)) THEN
    ALTER FUNCTION graphile_worker.add_jobs SET enable_seqscan = off;
  END IF;
END $$`

/**
 * Brings the database up to date: our tables by Prisma's own engine (recorded in `_prisma_migrations`, so that
 * `prisma migrate deploy` agrees), then the queue's. Replicas that start together wait for one another.
 */
export async function migrate(databaseUrl: string): Promise<void> {
  // One connection, and never another: it holds the lock.
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: 1,
    idleTimeoutMillis: 0,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  })
  pool.on('error', () => {}) // a connection that breaks fails the statement it was working on
  pool.on('connect', (connection) => connection.on('error', () => {}))
  try {
    await pool.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK])
    const { rows } = await pool.query("SELECT current_setting('transaction_read_only') = 'on' AS is_read_only")
    if (rows[0]?.is_read_only) throw new Error('it takes no writes: it is a standby, or set to be read-only')
    const migrationsList = await readMigrations()
    if (!(await isUpToDate(pool, migrationsList))) {
      const engine = await openSchemaEngine(pool)
      await inTransaction(pool, () => engine.applyMigrations({ migrationsList, filters: FILTERS }))
    }
    await migrateQueue({ pgPool: pool })
    await pool.query(ADD_JOBS_BY_INDEX)
  } finally {
    await pool.end() // and with it the lock, and the one that Prisma's engine keeps
  }
}

/**
 * All or nothing, with what is recorded of it: Prisma's engine refuses to go on after a migration that was begun and never ended,
 * and a process may be killed at any moment. The pool has one connection, so all that is asked of it is part of this.
 */
async function inTransaction(pool: pg.Pool, work: () => Promise<unknown>): Promise<void> {
  await pool.query('BEGIN')
  try {
    await work()
    await pool.query('COMMIT')
  } catch (error) {
    await pool.query('ROLLBACK').catch(() => undefined) // a connection that is gone has done so
    throw error
  }
}

/** Whether every migration is recorded as done; then the engine, 150 ms of work, can stay asleep. */
async function isUpToDate(pool: pg.Pool, { migrationDirectories }: MigrationList): Promise<boolean> {
  const { rows: tables } = await pool.query("SELECT to_regclass('_prisma_migrations') IS NOT NULL AS exist")
  if (!tables[0]?.exist) return false
  const { rows } = await pool.query('SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL')
  const done = new Set(rows.map(({ migration_name }) => migration_name))
  return migrationDirectories.every(({ path }) => done.has(path))
}

/**
 * Prisma's schema engine in WebAssembly: the native one is a download from a host that closed networks do not reach.
 * It lives as long as its pool.
 */
export async function openSchemaEngine(pool: pg.Pool): Promise<SchemaEngine> {
  bindings ??= loadBindings()
  const { SchemaEngine } = await bindings
  const adapter = bindMigrationAwareSqlAdapterFactory(new PrismaPg(pool))
  const datamodels: [string, string][] = [['schema.prisma', await readFile(join(PRISMA_DIR, 'schema.prisma'), 'utf8')]]
  return SchemaEngine.new({ datamodels }, () => {}, adapter)
}

/** The bindings keep their WASM instance in module variables, so a process may instantiate them only once. */
let bindings: ReturnType<typeof loadBindings> | undefined

async function loadBindings() {
  const module = await import('@prisma/schema-engine-wasm/schema_engine_bg')
  const packageDir = dirname(createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm'))
  const wasm = readFileSync(join(packageDir, 'schema_engine_bg.wasm'))
  const imports = Object.fromEntries(Object.entries(module).map(([name, value]) => [name, withoutWaiting(name, value)]))
  const { instance } = await WebAssembly.instantiate(wasm, { './schema_engine_bg.js': imports })
  module.__wbg_set_wasm(instance.exports)
  const start = instance.exports.__wbindgen_start
  if (typeof start === 'function') start()
  return module
}

/** The engine never clears the timer for its lock: 10 s during which a process that is done would not end. */
function withoutWaiting(name: string, value: unknown): unknown {
  if (!name.startsWith('__wbg_setTimeout')) return value
  return (callback: () => void, ms: number) => setTimeout(callback, ms).unref()
}

async function readMigrations(): Promise<MigrationList> {
  const baseDir = join(PRISMA_DIR, 'migrations')
  const folders = (await readdir(baseDir, { withFileTypes: true })).filter((entry) => entry.isDirectory())
  const migrationDirectories = folders
    .map((folder) => folder.name)
    .sort()
    .map((path) => {
      const value = readFileSync(join(baseDir, path, 'migration.sql'), 'utf8')
      return { path, migrationFile: { path: 'migration.sql', content: { tag: 'ok' as const, value } } }
    })
  const lockfile = {
    path: 'migration_lock.toml',
    content: await readFile(join(baseDir, 'migration_lock.toml'), 'utf8'),
  }
  return { baseDir, lockfile, shadowDbInitScript: '', migrationDirectories }
}
