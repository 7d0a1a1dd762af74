import { test } from 'tap'
import { createDatabase, openConnection } from '../support/postgres.ts'

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
