import { readFileSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { MigrationList } from '@prisma/schema-engine-wasm'
import pg from 'pg'
import { withSession } from './session-options.ts'

export const PRISMA_DIR = fileURLToPath(import.meta.resolve('#prisma'))

/** Any number will do, as long as every replica uses the same one. */
const MIGRATION_LOCK = 7_236_451

/** More than a server needs that was just started on a busy machine. */
const CONNECT_TIMEOUT_MS = 30_000

/** A change of large tables takes its time, and so does waiting for another replica that makes it; a role may be allowed seconds. */
const PATIENCE = ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout']
  .map((name) => `-c ${name}=0`)
  .join(' ')

/** One connection at a time: the lock is its, and goes with it. */
export function openMigrationPool(databaseUrl: string): pg.Pool {
  const pool = new pg.Pool({
    connectionString: withSession(databaseUrl, PATIENCE),
    max: 1,
    idleTimeoutMillis: 0,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  })
  pool.on('error', () => {}) // a connection that breaks fails the statement it was working on
  pool.on('connect', (connection) => connection.on('error', () => {}))
  return pool
}

/** Replicas that start together wait for one another here; the lock ends with the connection. */
export async function lockMigrations(pool: pg.Pool): Promise<void> {
  await pool.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK])
}

/** Whether every migration of `prisma/migrations/` is recorded as done. Throws where only those of another application are. */
export async function isUpToDate(pool: pg.Pool, { migrationDirectories }: MigrationList): Promise<boolean> {
  const { rows: tables } = await pool.query("SELECT to_regclass('_prisma_migrations') IS NOT NULL AS exist")
  if (!tables[0]?.exist) return false
  const { rows } = await pool.query('SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL')
  const done = new Set(rows.map(({ migration_name }) => migration_name))
  if (done.size > 0 && !migrationDirectories.some(({ path }) => done.has(path))) {
    throw new Error('it holds the tables of another Prisma project')
  }
  return migrationDirectories.every(({ path }) => done.has(path))
}

export async function readMigrations(): Promise<MigrationList> {
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
