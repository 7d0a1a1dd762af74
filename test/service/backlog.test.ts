import { Logger, runOnce } from 'graphile-worker'
import { test } from 'tap'
import { openQueuePool } from '../../src/adapters/prisma/database.ts'
import { createDatabase, openConnection } from '../support/postgres.ts'
import { until } from '../support/service.ts'

const ADD = `SELECT count(*) FROM graphile_worker.add_jobs(array(
  SELECT ('noop', NULL, NULL, now(), 1, $1 || n, 0, NULL)::graphile_worker.job_spec FROM generate_series(1, $2::int) AS n))`

test('a job is added without reading those that wait, even on a connection that knows the queue from when it was empty', async (t) => {
  const sql = await openConnection(t, await createDatabase(t))
  const add = (key: string, count: number) => sql(ADD, [key, count])
  for (const key of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) await add(key, 1) // Postgres settles on a plan after five
  await add('backlog', 3_000)
  await sql('BEGIN')
  await add('one more', 1)
  const [read] = await sql<{ seq_tup_read: string }>(
    `SELECT seq_tup_read FROM pg_stat_xact_all_tables WHERE schemaname = 'graphile_worker' AND relname = '_private_jobs'`,
  )
  await sql('COMMIT')
  t.equal(read?.seq_tup_read, '0')
})

test('jobs are taken without reading all that wait, also on connections that know the queue from when it was empty', async (t) => {
  const url = await createDatabase(t)
  const sql = await openConnection(t, url)
  const pgPool = openQueuePool({ url, onLostConnection: () => {} })
  const taskList = { noop: () => undefined }
  const work = () =>
    runOnce({ pgPool, taskList, concurrency: 1, noHandleSignals: true, logger: new Logger(() => () => {}) })
  await sql(ADD, ['early', 20])
  await work()
  await sql(ADD, ['late', 500])
  await work()
  await pgPool.end() // each session tells what it has read at its end, if not before
  const READ = `SELECT idx_tup_fetch::int AS "byIndex", seq_tup_read::int AS "oneByOne" FROM pg_stat_all_tables
    WHERE schemaname = 'graphile_worker' AND relname = '_private_jobs'`
  const read = async () => (await sql<{ byIndex: number; oneByOne: number }>(READ))[0] ?? { byIndex: 0, oneByOne: 0 }
  await until('the figures', async () => (await read()).byIndex >= 500)
  const { oneByOne } = await read()
  t.ok(oneByOne < 500, `${oneByOne}; 500 times half of 500 otherwise`)
})
