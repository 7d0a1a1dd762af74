import { randomUUID } from 'node:crypto'
import { test } from 'tap'
import { buildApp } from '../../src/app.ts'
import { createDatabase, query } from '../support/postgres.ts'
import { startPostgresPooler } from '../support/postgres-pooler.ts'
import { writeRules } from '../support/rules.ts'
import type { Scope } from '../support/scope.ts'
import { settingsFor, startAccount, until } from '../support/service.ts'

test('a start that fails at its last step leaves no connection open, and says why', async (t) => {
  const databaseUrl = await createDatabase(t)
  await query(databaseUrl, 'ALTER TABLE workers ADD CONSTRAINT nobody CHECK (false)')
  const env = settingsFor(await startAccount(t), databaseUrl, await writeRules(t, [{}]))
  await t.rejects(buildApp({ env, logger: false }), /nobody/)
  const others = 'SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()'
  await until('the last connection is gone', async () => (await query(databaseUrl, others)).length === 0)
})

test('a start on a database that takes no writes says so', async (t) => {
  const databaseUrl = await createDatabase(t)
  const name = new URL(databaseUrl).pathname.slice(1)
  await query(databaseUrl, `ALTER DATABASE "${name}" SET default_transaction_read_only = on`)
  const env = settingsFor(await startAccount(t), databaseUrl, await writeRules(t, [{}]))
  const said =
    'The database of DATABASE_URL cannot be used: it takes no writes: it is a standby, or set to be read-only.'
  await t.rejects(buildApp({ env, logger: false }), { message: said })
})

test('a start on a database whose encoding has no room for most names says so', async (t) => {
  const url = await createEmptyDatabase(t, "ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'")
  const env = settingsFor(await startAccount(t), url.href, await writeRules(t, [{}]))
  const said =
    "The database of DATABASE_URL cannot be used: its encoding is LATIN1, which has no room for most names: make it with ENCODING 'UTF8'."
  await t.rejects(buildApp({ env, logger: false }), { message: said })
})

test('a database without an encoding, as a server has it that was made without a language, will do', async (t) => {
  const url = await createEmptyDatabase(t, "ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'")
  const rule = { conditions: { fact: 'event', operator: 'exists' }, name: 'Übergabe' } as const
  const app = await buildApp({
    env: settingsFor(await startAccount(t), url.href, await writeRules(t, [rule])),
    logger: false,
  })
  t.teardown(() => app.close())
  t.match(await query(url.href, 'SELECT document FROM rule_versions'), [{ document: { name: 'Übergabe' } }])
})

test('a start as a user who may make no tables says what that user needs', async (t) => {
  const url = await createEmptyDatabase(t)
  const owner = url.href
  const name = url.pathname.slice(1)
  await query(owner, `CREATE ROLE ${name} LOGIN`)
  t.teardown(() => query(owner, `DROP ROLE ${name}`))
  url.username = name
  const env = settingsFor(await startAccount(t), url.href, await writeRules(t, [{}]))
  const said =
    'The database of DATABASE_URL cannot be used: ERROR: permission denied for schema public. Its user must own the database, or may at least create in it and in its schema public.'
  await t.rejects(buildApp({ env, logger: false }), { message: said })
})

test('a start on a database without the schema public says so', async (t) => {
  const url = await createEmptyDatabase(t)
  await query(url.href, 'DROP SCHEMA public')
  const env = settingsFor(await startAccount(t), url.href, await writeRules(t, [{}]))
  const said =
    'The database of DATABASE_URL cannot be used: it has no schema public that its user may use. Its user must own the database, or may at least create in it and in its schema public.'
  await t.rejects(buildApp({ env, logger: false }), { message: said })
})

test('a start on the database of another Prisma project leaves it as it is, and says so', async (t) => {
  const { href } = await createEmptyDatabase(t)
  await query(href, 'CREATE TABLE _prisma_migrations (migration_name text, finished_at timestamptz)')
  await query(href, "INSERT INTO _prisma_migrations VALUES ('20250101000000_shop', now())")
  const env = settingsFor(await startAccount(t), href, await writeRules(t, [{}]))
  const said =
    'The database of DATABASE_URL cannot be used: it holds the tables of another Prisma project. Give this service a database of its own.'
  await t.rejects(buildApp({ env, logger: false }), { message: said })
  const tables = "SELECT FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
  t.equal((await query(href, tables)).length, 1)
})

test('an address that names another schema is refused, as two services would share their tables', async (t) => {
  const env = settingsFor(await startAccount(t), `${await createDatabase(t)}?schema=second`, await writeRules(t, [{}]))
  const said =
    'The database of DATABASE_URL cannot be used: its tables are in the schema public, not in second. Give this service a database of its own.'
  await t.rejects(buildApp({ env, logger: false }), { message: said })
})

test('a start through a pooler that shares connections between transactions says so', async (t) => {
  const databaseUrl = await startPostgresPooler(t, await createDatabase(t))
  const env = settingsFor(await startAccount(t), databaseUrl, await writeRules(t, [{}]))
  const said =
    'The database of DATABASE_URL cannot be used: its connections are shared. Connect to Postgres directly, not through a pooler.'
  await t.rejects(buildApp({ env, logger: false }), { message: said })
})

test('so does one through a pooler that drops what connections are to begin with, where it matters', async (t) => {
  const databaseUrl = await createDatabase(t)
  const name = new URL(databaseUrl).pathname.slice(1)
  await query(databaseUrl, `ALTER DATABASE "${name}" SET timezone = 'Europe/Kyiv'`)
  const env = settingsFor(await startAccount(t), await startPostgresPooler(t, databaseUrl), await writeRules(t, [{}]))
  const said =
    'The database of DATABASE_URL cannot be used: its times come in Europe/Kyiv, not in UTC as we ask for. Connect to Postgres directly, not through a pooler.'
  await t.rejects(buildApp({ env, logger: false }), { message: said })
})

/** A database without our tables, made with these options. */
async function createEmptyDatabase(t: Scope, options = ''): Promise<URL> {
  const serverUrl = await createDatabase(t)
  const name = `hcr_test_${randomUUID().slice(0, 8)}`
  await query(serverUrl, `CREATE DATABASE ${name} TEMPLATE template0 ${options}`)
  t.teardown(() => query(serverUrl, `DROP DATABASE ${name} WITH (FORCE)`))
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  return url
}
