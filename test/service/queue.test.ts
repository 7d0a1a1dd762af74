import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'tap'
import { openDatabase } from '../../src/adapters/prisma/database.ts'
import { createWorkerRegistry } from '../../src/adapters/prisma/worker-registry.ts'
import { startQueue } from '../../src/adapters/queue.ts'
import { createDatabase, query } from '../support/postgres.ts'
import type { Scope } from '../support/scope.ts'
import { until } from '../support/service.ts'

const ADD_JOB = "SELECT graphile_worker.add_job('age_out')"
const BEGUN_JOBS = 'SELECT id FROM graphile_worker._private_jobs WHERE attempts > 0'

/** A queue whose jobs of one kind do this, and all that it logs. */
async function layGround(t: Scope, ageOut: () => Promise<void>) {
  const url = await createDatabase(t)
  const database = openDatabase({ url, connections: 2, onLostConnection: () => {} })
  const lines: object[] = []
  const note = (fields: object, message: string) => void lines.push({ message, ...fields })
  const log = { info() {}, warn: note, error: note }
  const registry = createWorkerRegistry(database, 'this worker', log)
  const done = async () => ({ kind: 'done' }) as const
  const tasks = { ageOut, decideEvents: done, applyDecision: done, learnCustomer: async () => {} }
  return {
    ...{ url, lines },
    start: () => startQueue({ pool: database.queuePool, registry, tasks, concurrency: 2, log }),
    async end() {
      await registry.leave()
      await database.close()
    },
  }
}

test('a job that fails is one constant message in the log, with its error, and without the job', async (t) => {
  const { url, lines, start, end } = await layGround(t, async () => {
    throw new Error('broken')
  })
  await query(url, ADD_JOB)
  const queue = await start()
  await until('it has failed', () => lines.length > 0)
  await queue.stop()
  await end()
  t.match(lines, [{ message: 'queue.failed', err: { message: 'broken' }, problem: /^Failed task \d+ \(age_out/ }])
  t.strictSame(Object.keys(lines[0] ?? {}), ['message', 'err', 'problem'])
})

test('a stop that comes while the queue starts waits until the ends of its jobs are recorded', async (t) => {
  const { url, lines, start, end } = await layGround(t, () => sleep(20))
  await query(url, `${ADD_JOB} FROM generate_series(1, 6)`)
  const queue = await start()
  await queue.stop()
  await end()
  t.strictSame(lines, [], 'nothing went wrong')
  t.strictSame(await query(url, BEGUN_JOBS), [], 'what was begun has ended')
})
