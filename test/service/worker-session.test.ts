import pg from 'pg'
import { test } from 'tap'
import { createWorkerSession } from '../../src/adapters/prisma/worker-session.ts'
import { createDatabase, openConnection } from '../support/postgres.ts'
import { startPostgresProxy } from '../support/postgres-proxy.ts'
import { until } from '../support/service.ts'

test('a worker keeps one connection, opens another when it was lost, and gives it back at the end', async (t) => {
  const url = await createDatabase(t)
  const sql = await openConnection(t, url)
  const pool = new pg.Pool({ connectionString: url })
  pool.on('error', () => {})
  const session = createWorkerSession(pool)
  const names = await Promise.all([session.name(), session.name(), session.name()])
  t.match(names[0], /^\d+ \d+\.\d+$/)
  t.equal(new Set(names).size, 1, 'beats that overlap share it')
  t.equal(pool.totalCount, 1)

  await sql('SELECT pg_terminate_backend($1::int)', [names[0]?.split(' ')[0]])
  await until('another one', async () => {
    const name = await session.name()
    return name !== undefined && name !== names[0]
  })
  await session.end()
  t.equal(await session.name(), undefined, 'a beat that comes late opens none')
  await t.resolves(pool.end(), 'a pool waits for what it has lent')
})

test('a connection that was lost without a word, as with its server in a failover, is soon replaced', async (t) => {
  let connections = 0
  let isLost = false
  const url = await startPostgresProxy(t, await createDatabase(t), () => {
    const isFirst = connections++ === 0
    const fate = () => (isLost && isFirst ? 'swallow' : 'pass')
    return { request: fate, reply: fate }
  })
  const pool = new pg.Pool({ connectionString: url, query_timeout: 300 })
  pool.on('error', () => {})
  const session = createWorkerSession(pool)
  const first = await session.name()
  isLost = true
  await until('another one', async () => {
    const name = await session.name()
    return name !== undefined && name !== first
  })
  t.equal(connections, 2)
  await session.end()
})
