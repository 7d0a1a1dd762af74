import { Logger, run } from 'graphile-worker'
import pg from 'pg'
import { test } from 'tap'
import { releaseOnce } from '../../src/adapters/release-once.ts'
import { createDatabase } from '../support/postgres.ts'
import { startPostgresProxy } from '../support/postgres-proxy.ts'
import type { Scope } from '../support/scope.ts'
import { until } from '../support/service.ts'

/** A Postgres that freezes for whoever begins to listen for jobs; `swallowed` is when it has happened. */
async function startDeafPostgres(t: Scope, url: string): Promise<{ url: string; swallowed: Promise<void> }> {
  const listening = Promise.withResolvers<void>()
  const proxied = await startPostgresProxy(t, url, () => {
    let isFrozen = false
    return {
      request(bytes) {
        isFrozen ||= bytes.includes('LISTEN "jobs:insert"')
        if (isFrozen) listening.resolve()
        return isFrozen ? 'swallow' : 'pass'
      },
    }
  })
  return { url: proxied, swallowed: listening.promise }
}

test('whoever gets no connection has none to give back', async (t) => {
  const pool = new pg.Pool({ connectionString: await createDatabase(t), max: 1 })
  pool.on('error', () => {}) // its end does not wait for the connections', and the database is dropped under them
  const taken = await pool.connect()
  pool.options.connectionTimeoutMillis = 50 // from now on
  const { error, release } = await new Promise<{ error: unknown; release: unknown }>((resolve) =>
    releaseOnce(pool).connect((failure, _client, give) => resolve({ error: failure, release: give })),
  )
  t.match(error, { message: /timeout exceeded/ })
  t.equal(release, undefined)
  taken.release()
  await pool.end()
})

test('a queue that stops while its LISTEN hangs leaves no error behind that would end the process', async (t) => {
  const { url, swallowed } = await startDeafPostgres(t, await createDatabase(t))
  const pool = new pg.Pool({ connectionString: url, query_timeout: 300 })
  t.teardown(() => pool.end())
  pool.on('error', () => {})
  pool.on('connect', (client) => client.on('error', () => {}))
  const stray: unknown[] = []
  const collect = (error: unknown) => void stray.push(error)
  process.on('unhandledRejection', collect)
  t.teardown(() => process.off('unhandledRejection', collect))

  const said: string[] = []
  const logger = new Logger(() => (_level, message) => void said.push(message))
  const queue = { concurrency: 1, taskList: { nothing() {} }, noHandleSignals: true, logger }
  const runner = await run({ ...queue, pgPool: releaseOnce(pool) })
  await swallowed
  await runner.stop()
  // It is given back once by who stops, and once by who has heard of the failure.
  await until('both', () => said.filter((message) => message.includes('UNLISTEN')).length === 2)
  t.strictSame(stray, [])
})
