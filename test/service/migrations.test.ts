import type { ChildProcess } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { lockMigrations, openMigrationPool } from '../../src/adapters/prisma/schema-migrations.ts'
import { buildApp } from '../../src/app.ts'
import { createDatabase, openConnection, query } from '../support/postgres.ts'
import { writeRules } from '../support/rules.ts'
import { runMain } from '../support/run-main.ts'
import { settingsFor, startAccount, until } from '../support/service.ts'

test('a start that is killed while it makes the tables leaves nothing behind, and the next one makes them', async (t) => {
  const databaseUrl = await createEmptyDatabase(t)
  const other = await openConnection(t, databaseUrl)
  await other('BEGIN')
  await other('CREATE TABLE chats ()') // whoever makes one of that name waits for the end of this
  const isStuck = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
  const env = settingsFor(await startAccount(t), databaseUrl, await writeRules(t, [{}]))
  const kill = async (child: ChildProcess) => {
    await until('it is in the middle of the tables', async () => (await query(databaseUrl, isStuck)).length > 0)
    child.kill('SIGKILL')
  }
  await runMain(t, env, { meanwhile: kill })
  const goOn = 'SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()'
  await until('nobody goes on with it', async () => (await query(databaseUrl, goOn)).length === 1) // the other
  await other('ROLLBACK')
  const app = await buildApp({ env, logger: false })
  t.teardown(() => app.close())
  const unfinished = 'SELECT FROM _prisma_migrations WHERE finished_at IS NULL'
  t.equal((await query(databaseUrl, unfinished)).length, 0)
  await until('the service is ready', async () => (await app.inject('/readyz')).statusCode === 200)
})

test('a start waits for a replica that makes the tables, however short a wait its role is allowed, and says so', async (t) => {
  const databaseUrl = await createDatabase(t)
  const name = new URL(databaseUrl).pathname.slice(1)
  const replica = await openConnection(t, databaseUrl)
  const pool = openMigrationPool(databaseUrl)
  await lockMigrations(pool)
  for (const limit of ['lock_timeout', 'statement_timeout']) {
    await replica(`ALTER DATABASE "${name}" SET ${limit} = '1ms'`)
  }
  const env = settingsFor(await startAccount(t), databaseUrl, await writeRules(t, [{}]))
  const lines: string[] = []
  const starting = buildApp({ env, logger: { stream: { write: (line: string) => void lines.push(line) } } })
  const isTold = async () => lines.some((line) => line.includes('"msg":"database.waiting"'))
  await Promise.race([starting, until('it tells that it waits', isTold)])
  await pool.end()
  const app = await starting
  t.teardown(() => app.close())
  t.pass('it has started')
})

test('a start whose embedded database takes its time says so too', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'helpcrunch-router-slow-'))
  t.teardown(() => rm(dataDir, { recursive: true, force: true, maxRetries: 3 }))
  const draftDir = join(dataDir, 'cluster.new')
  await mkdir(draftDir)
  await writeFile(join(dataDir, 'keeper.pid'), String(process.pid)) // as if we made that cluster
  const env = { ...settingsFor(await startAccount(t), '', await writeRules(t, [{}])), DATA_DIR: dataDir }
  const lines: string[] = []
  const starting = buildApp({ env, logger: { stream: { write: (line: string) => void lines.push(line) } } })
  const isTold = () => lines.some((line) => line.includes('"msg":"database.waiting"'))
  await Promise.race([starting, until('it tells that it waits', isTold)])
  const wasTold = isTold()
  await rm(draftDir, { recursive: true, force: true })
  const app = await starting
  t.teardown(() => app.close())
  t.ok(wasTold)
})

test('a migration that has to wait, as for the end of a backup, keeps nobody else waiting for long', async (t) => {
  const databaseUrl = await createDatabase(t)
  const others = await openConnection(t, databaseUrl)
  await others("DELETE FROM _prisma_migrations WHERE migration_name LIKE '%_room_for_updates'")
  await others('CREATE INDEX chats_pending_decision_id_idx ON chats (pending_decision_id)') // which it drops
  await others("SET statement_timeout = '5s'")
  const backup = await openConnection(t, databaseUrl)
  await backup('BEGIN')
  await backup('LOCK TABLE chats IN ACCESS SHARE MODE')
  const env = settingsFor(await startAccount(t), databaseUrl, await writeRules(t, [{}]))
  const starting = buildApp({ env, logger: false })
  const isWaiting = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'relation'`
  await until('the migration waits', async () => (await others(isWaiting)).length > 0)
  const replica = openMigrationPool(databaseUrl)
  let isItsTurn = false
  const replicaStarts = lockMigrations(replica).then(() => {
    isItsTurn = true
    return replica.end()
  })
  await others('INSERT INTO chats (id) VALUES (1)')
  await until('it waits again', async () => (await others(isWaiting)).length > 0)
  t.notOk(isItsTurn, 'in between nobody else tries the same')
  await backup('COMMIT')
  await replicaStarts
  const app = await starting
  t.teardown(() => app.close())
  t.pass('it has started')
})

test('a start says what keeps it from making the tables', async (t) => {
  const databaseUrl = await createEmptyDatabase(t)
  await query(databaseUrl, 'CREATE TABLE chats ()')
  const env = settingsFor(await startAccount(t), databaseUrl, await writeRules(t, [{}]))
  await t.rejects(
    buildApp({ env, logger: false }),
    /The database of DATABASE_URL cannot be used: .*schema is not empty.* Give this service a database of its own/,
  )
})

async function createEmptyDatabase(t: Test): Promise<string> {
  const databaseUrl = await createDatabase(t)
  await query(databaseUrl, 'DROP SCHEMA public, graphile_worker CASCADE')
  await query(databaseUrl, 'CREATE SCHEMA public')
  return databaseUrl
}
