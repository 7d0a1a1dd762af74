import { test } from 'tap'
import { apiOf } from '../support/api.ts'
import { openConnection } from '../support/postgres.ts'
import { startService, until } from '../support/service.ts'

test('people who wait for a slow answer make no worker look dead, and no service unready', async (t) => {
  const service = await startService(t)
  const { send } = apiOf(service)
  const sql = await openConnection(t, service.databaseUrl)
  const holder = await openConnection(t, service.databaseUrl)
  await holder('BEGIN')
  await holder('LOCK TABLE audit_entries IN ACCESS EXCLUSIVE MODE')
  const stuck = () => {
    return sql(
      "SELECT pid, query_start FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' ORDER BY pid",
    )
  }
  const answers = Promise.all(Array.from({ length: CONNECTIONS_OF_REQUESTS }, () => send('GET', '/v1/audit')))
  await until('all connections of requests are taken', async () => (await stuck()).length === CONNECTIONS_OF_REQUESTS)
  const before = await stuck()
  const [told] = await sql("SELECT seen_at + interval '1 ms' AS at FROM workers") // a Date has no microseconds
  await until('a beat', async () => (await sql('SELECT FROM workers WHERE seen_at > $1', [told?.at])).length > 0)
  const { status } = await fetch(`${service.url}/readyz`)
  t.equal(status, 200)
  t.strictSame(await stuck(), before, 'they still are')
  await holder('ROLLBACK')
  t.strictSame(
    (await answers).map(({ status }) => status),
    new Array(CONNECTIONS_OF_REQUESTS).fill(200),
  )
})

/** Of eight, one listens for new rules, and one shows that the process lives. */
const CONNECTIONS_OF_REQUESTS = 6
