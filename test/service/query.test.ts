import { inspect } from 'node:util'
import pg from 'pg'
import { test } from 'tap'
import { openDatabase } from '../../src/adapters/prisma/database.ts'
import { withSession } from '../../src/adapters/prisma/session-options.ts'
import { isPassing } from '../../src/domain/passing-trouble.ts'
import { createDatabase, openConnection } from '../support/postgres.ts'
import type { Scope } from '../support/scope.ts'

async function open(t: Scope) {
  const database = openDatabase({ url: await createDatabase(t), connections: 2, onLostConnection: () => {} })
  t.teardown(() => database.close())
  return database
}

test('what a statement gives has the types that Prisma would give it', async (t) => {
  const { query, prisma } = await open(t)
  const at = new Date('2026-05-04T03:02:01.123Z')
  const given = [9_007_199_254_740_993n, at, { a: [1] }, 'ї', ['x', '"y"'], true, 1.5, null] as const
  const asked = ['SELECT ', '::bigint AS a, ', '::timestamptz AS b, ', '::jsonb AS c, ', '::text AS d, ']
  const rest = ['::text[] AS e, ', '::bool AS f, ', '::float8 AS g, ', '::int AS h, 7 AS i']
  const strings = Object.assign([...asked, ...rest], { raw: [...asked, ...rest] })
  const [bigint, date, json, ...others] = given
  const values = [bigint, date, JSON.stringify(json), ...others]
  const rows = await query(strings, ...values)
  const [a, b, c, d, e, f, g, h] = given
  t.strictSame(rows, [{ a, b, c, d, e, f, g, h, i: 7 }])
  t.strictSame(rows, await prisma.$queryRaw(strings, ...values))
})

test('a statement that Postgres refuses says why, and nothing of the row', async (t) => {
  const { query } = await open(t)
  const add = () => query`INSERT INTO departments (id, name) VALUES (${70_155_001}::bigint, ${'Sales'})`
  await add()
  const error = await add().catch((reason: unknown) => reason)
  t.match(error, { message: /^Postgres refused a statement: duplicate key .* \(23505\)$/ })
  t.notMatch(inspect(error, { depth: 9 }), /70155001/)
})

test('what passes is told from what Postgres refuses because of what it says', async (t) => {
  const url = await createDatabase(t)
  const { query } = await open(t)
  const reasonOf = (statement: Promise<unknown>) => statement.catch((reason: unknown) => reason)
  t.notOk(isPassing(await reasonOf(query`SELECT ${'x'}::int`)))
  t.notOk(
    isPassing(await reasonOf(query`SELECT ${{ bigint: 1n }}::json`)),
    'nor is a mistake of ours in handing it over',
  )
  t.ok(isPassing(await reasonOf(query`SELECT pg_cancel_backend(pg_backend_pid()), pg_sleep(1)`)))
  t.ok(isPassing(await reasonOf(query`SELECT pg_terminate_backend(pg_backend_pid())`)))
  const noSuch = new URL(url)
  noSuch.pathname = '/nowhere'
  const away = openDatabase({ url: noSuch.href, connections: 1, onLostConnection: () => {} })
  t.teardown(() => away.close())
  t.ok(isPassing(await reasonOf(away.query`SELECT 1`)), 'no connection')
})

test('what a database is set to changes nothing: times, isolation, the schema and idle connections are as we need them', async (t) => {
  const url = await createDatabase(t)
  const sql = await openConnection(t, url)
  const name = new URL(url).pathname.slice(1)
  const settings = [
    "timezone = 'Asia/Kolkata'",
    "datestyle = 'German'",
    "default_transaction_isolation = 'serializable'",
    "search_path = 'elsewhere'",
    "idle_session_timeout = '1min'",
  ]
  for (const setting of settings) await sql(`ALTER DATABASE "${name}" SET ${setting}`)
  const database = openDatabase({ url, connections: 2, onLostConnection: () => {} })
  t.teardown(() => database.close())
  const at = new Date('2026-05-04T03:02:01.123Z')
  const [told] = await database.prisma.$queryRaw<{ at: Date }[]>`SELECT ${at}::timestamptz AS at`
  t.strictSame(told, { at })
  t.strictSame(await database.query`SELECT ${at}::timestamptz AS at`, [{ at }])
  const asked = `SELECT current_setting('timezone') AS timezone, current_setting('datestyle') AS datestyle,
    current_setting('transaction_isolation') AS isolation, current_setting('idle_session_timeout') AS idle, current_schema() AS schema`
  const session = { timezone: 'UTC', datestyle: /^ISO/, isolation: 'read committed', idle: '0', schema: 'public' }
  t.match(await database.prisma.$queryRawUnsafe(asked), [session])
  t.match(await database.query([asked]), [session])
  t.match((await database.queuePool.query(asked)).rows, [session])
})

test('a percent sign in a password need not be encoded, as long as it encodes nothing', (t) => {
  const address = withSession('postgresql://ada:100%+%40%4f%4F@localhost/router')
  t.equal(new pg.Client({ connectionString: address }).password, '100%+@OO')
  t.end()
})

test('options that DATABASE_URL has for its connections count besides ours', async (t) => {
  const url = `${await createDatabase(t)}?options=-c%20application_name%3Dgiven`
  const database = openDatabase({ url, connections: 1, onLostConnection: () => {} })
  t.teardown(() => database.close())
  const asked = `SELECT current_setting('application_name') AS name, current_schema() AS schema`
  t.match(await database.query([asked]), [{ name: 'given', schema: 'public' }])
})
