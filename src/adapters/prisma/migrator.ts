import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import type { ProgramFailure } from '../program-beside.ts'
import { openSchemaEngine } from './schema-engine.ts'
import { isUpToDate, lockMigrations, openMigrationPool, readMigrations } from './schema-migrations.ts'

/** What the migrator is told at its start. */
export interface MigratorOrder {
  readonly databaseUrl: string
}

/** What it answers, once. */
export type MigratorReport = { readonly kind: 'done' } | ProgramFailure

/** Where in its sources the engine has failed, which it says after why. */
const TRACE = /\n +0: [\s\S]*/

/**
 * While a migration waits for a table, as for the end of a backup, whoever else wants it waits behind: for less than a webhook is given,
 * and then not for a while.
 */
const LOCK = { msMax: 800, pauseMs: 3_000 }
const NOT_LOCKED = /canceling statement due to lock timeout/

const FILTERS = { externalTables: [], externalEnums: [] }

// A process of its own, which ends with its parent: it brings our tables up to date.
process.once('disconnect', () => process.exit(1))
process.once('message', async (order) => {
  const { databaseUrl } = order as MigratorOrder // what `migrate` sends is typed there
  try {
    await bringUpToDate(databaseUrl)
    report({ kind: 'done' })
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    report({ kind: 'failed', message: message.replace(TRACE, '') })
  }
})

async function bringUpToDate(databaseUrl: string): Promise<void> {
  // A connection whose statement fails is closed by its pool, and with it goes its lock: so the lock has one of its own.
  const turn = openMigrationPool(databaseUrl)
  const pool = openMigrationPool(databaseUrl)
  try {
    await lockMigrations(turn)
    const migrationsList = await readMigrations()
    if (await isUpToDate(pool, migrationsList)) return // another replica was first
    const engine = await openSchemaEngine(pool)
    const apply = () => inTransaction(pool, () => engine.applyMigrations({ migrationsList, filters: FILTERS }))
    while (!(await isDone(apply))) await sleep(LOCK.pauseMs)
  } finally {
    await pool.end() // and with it the lock that Prisma's engine keeps
    await turn.end()
  }
}

/**
 * All or nothing, with what is recorded of it: Prisma's engine refuses to go on after a migration that was begun and never ended,
 * and a process may be killed at any moment. The pool has one connection, so all that is asked of it is part of this; what fails
 * closes it, which takes all of it back.
 */
async function inTransaction(pool: pg.Pool, work: () => Promise<unknown>): Promise<void> {
  await pool.query('BEGIN')
  await pool.query(`SET LOCAL lock_timeout = ${LOCK.msMax}`)
  await work()
  await pool.query('COMMIT')
}

/** False when a table could not be had in time. */
async function isDone(work: () => Promise<void>): Promise<boolean> {
  try {
    await work()
    return true
  } catch (error) {
    if (error instanceof Error && NOT_LOCKED.test(error.message)) return false
    throw error
  }
}

function report(message: MigratorReport): void {
  process.send?.(message, () => process.exit())
}
