import { test } from 'tap'
import { buildApp } from '../../src/app.ts'
import { createDatabase, query } from '../support/postgres.ts'
import { writeRules } from '../support/rules.ts'
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
