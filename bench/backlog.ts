import { Logger, run } from 'graphile-worker'
import pg from 'pg'
import { openQueuePool, QUEUE_CONNECTIONS } from '../src/adapters/prisma/database.ts'
import type { Scope } from '../test/support/scope.ts'
import { type BenchPostgres, createDatabaseOn, startBenchPostgres } from './support/database.ts'
import { medianOfRounds, percentile } from './support/rounds.ts'
import { withScope } from './support/scope.ts'
import { printTable, spell } from './support/table.ts'

// What a backlog does to the queue, on connections that know it from when it was short: as we set it up, and as it comes.
const ROUNDS = 3
const FEW = 1_000
const MANY = { taking: 20_000, adding: 30_000 }
const TAKEN_FOR_MS = 5_000
const ADDED = 100

const ADD = `SELECT count(*) FROM graphile_worker.add_jobs(array(
  SELECT ('noop', NULL, NULL, now(), 1, $1 || n, 0, NULL)::graphile_worker.job_spec FROM generate_series(1, $2::int) AS n))`

await withScope(async (scope) => {
  const postgres = await startBenchPostgres(scope)
  const taking = (open: OpenPool) => async () => takePerSecond(await openQueue(scope, postgres, open))
  const taken = await medianOfRounds(
    [
      { name: 'ours', round: taking(ours) },
      { name: 'as it comes', round: taking(plain) },
    ],
    ROUNDS,
  )
  const added = await medianOfRounds(
    [
      { name: 'ours', round: async () => addMs(await openQueue(scope, postgres, plain)) },
      {
        name: 'as it comes',
        async round() {
          const pool = await openQueue(scope, postgres, plain)
          await pool.query('ALTER FUNCTION graphile_worker.add_jobs RESET enable_seqscan')
          return addMs(pool)
        },
      },
    ],
    ROUNDS,
  )
  const figure = (figures: ReadonlyMap<string, number>, name: string) => spell(figures.get(name) ?? Number.NaN)
  printTable('The queue behind a backlog', [
    {
      what: `jobs taken, ${MANY.taking.toLocaleString('en-US')} waiting`,
      measured: `${figure(taken, 'ours')} /s`,
      beside: `with plans of an empty queue: ${figure(taken, 'as it comes')} /s`,
    },
    {
      what: `adding one, ${MANY.adding.toLocaleString('en-US')} waiting`,
      measured: `${figure(added, 'ours')} ms`,
      beside: `with the plan of an empty queue: ${figure(added, 'as it comes')} ms`,
    },
  ])
})

type OpenPool = (url: string) => pg.Pool

function ours(url: string): pg.Pool {
  return openQueuePool({ url, onLostConnection: () => {} })
}

function plain(url: string): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max: QUEUE_CONNECTIONS })
  pool.on('error', () => {})
  pool.on('connect', (client) => client.on('error', () => {}))
  return pool
}

async function openQueue(scope: Scope, postgres: BenchPostgres, open: OpenPool): Promise<pg.Pool> {
  const pool = open(await createDatabaseOn(scope, postgres.url, 'backlog'))
  scope.teardown(() => pool.end())
  return pool
}

/** Takes a few jobs first, then from many; gives how many of those a second. */
async function takePerSecond(pgPool: pg.Pool): Promise<number> {
  let left = 0
  let none = Promise.withResolvers<void>()
  const noop = async () => {
    left -= 1
    if (left === 0) none.resolve()
  }
  const worker = { completeJobBatchDelay: 0, failJobBatchDelay: 0 }
  const logger = new Logger(() => () => {})
  const runner = await run({
    pgPool,
    concurrency: 10,
    taskList: { noop },
    preset: { worker },
    noHandleSignals: true,
    logger,
  })
  const take = async (count: number): Promise<number> => {
    left = count
    none = Promise.withResolvers()
    await pgPool.query(ADD, ['job', count])
    const startedAt = performance.now()
    const timer = setTimeout(none.resolve, TAKEN_FOR_MS)
    await none.promise
    clearTimeout(timer)
    return ((count - left) * 1_000) / (performance.now() - startedAt)
  }
  await take(FEW)
  const perSecond = await take(MANY.taking)
  await runner.stop()
  return perSecond
}

/** The median of adding one job behind many, on the connection that has added jobs before. */
async function addMs(pool: pg.Pool): Promise<number> {
  const client = await pool.connect()
  const add = (key: string, count: number) => client.query({ name: 'add', text: ADD, values: [key, count] })
  for (let i = 0; i < 10; i++) await add(`early ${i}`, 1)
  await add('backlog', MANY.adding)
  const durations: number[] = []
  for (let i = 0; i < ADDED; i++) {
    const startedAt = performance.now()
    await add(`late ${i}`, 1)
    durations.push(performance.now() - startedAt)
  }
  client.release()
  return percentile(durations, 0.5)
}
