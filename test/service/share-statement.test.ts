import { mock } from 'node:test'
import { test } from 'tap'
import { RefusedStatement } from '../../src/adapters/prisma/query.ts'
import { createSharing, type ShareStatement } from '../../src/adapters/prisma/share-statement.ts'

test('who comes while a statement is under way shares the next', async (t) => {
  const { step, begun, end } = stuckStep(createSharing())
  const first = step(1)
  await until(() => begun.length === 1)
  const later = [step(2), step(3)]
  await new Promise(setImmediate)
  t.strictSame(begun, [[1]])
  end()
  t.strictSame(await Promise.all([first, ...later]), [1, 2, 3])
  t.strictSame(begun, [[1], [2, 3]])
})

test('a statement that Postgres refuses because of one fails for that one only', async (t) => {
  const step = createSharing()(async (rows: readonly number[]) => {
    if (rows.includes(2)) throw new RefusedStatement('two')
    return rows
  })
  const results = await Promise.allSettled([1, 2, 3].map(step))
  t.match(results, [{ value: 1 }, { reason: { message: 'two' } }, { value: 3 }])
})

test('a statement of which nobody knows whether it was done is not done again', async (t) => {
  let runs = 0
  const step = createSharing()(async (_rows: readonly number[]): Promise<number[]> => {
    runs += 1
    throw new Error('Connection terminated unexpectedly')
  })
  const results = await Promise.allSettled([1, 2, 3].map(step))
  t.match(results, Array(3).fill({ status: 'rejected', reason: { message: /terminated/ } }))
  t.equal(runs, 1)
})

test('a statement that never ends does not keep the next from beginning', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => mock.timers.reset())
  const { step, begun } = stuckStep(createSharing())
  void step(1)
  await until(() => begun.length === 1)
  void step(2)
  await until(
    () => begun.length === 2,
    () => mock.timers.tick(10_000),
  )
})

test('of all steps three statements are under way at once, and who waits for their end shares the next of the step', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => mock.timers.reset())
  const share = createSharing()
  const busy = await threeUnderWay(share)
  const late = stuckStep(share)
  void late.step(1)
  await new Promise(setImmediate)
  void late.step(2)
  await new Promise(setImmediate)
  t.strictSame(late.begun, [])
  busy[0]?.end()
  await until(() => late.begun.length === 1)
  t.strictSame(late.begun, [[1, 2]])
})

test('statements that take longer than 20 ms keep no other step from beginning', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => mock.timers.reset())
  const share = createSharing()
  await threeUnderWay(share)
  const other = stuckStep(share)
  void other.step(1)
  await new Promise(setImmediate)
  t.strictSame(other.begun, [])
  mock.timers.tick(20)
  await until(() => other.begun.length === 1)
})

/** A step whose statements do not end by themselves. */
function stuckStep(share: ShareStatement) {
  const begun: number[][] = []
  const gate = Promise.withResolvers<void>()
  const step = share(async (rows: readonly number[]) => {
    begun.push([...rows])
    await gate.promise
    return rows
  })
  return { step, begun, end: gate.resolve }
}

/** As many statements of different steps as may be. */
async function threeUnderWay(share: ShareStatement) {
  const steps = Array.from({ length: 3 }, () => stuckStep(share))
  for (const { step } of steps) void step(1)
  await until(() => steps.every(({ begun }) => begun.length === 1))
  return steps
}

async function until(isSo: () => boolean, meanwhile = () => {}): Promise<void> {
  while (!isSo()) {
    meanwhile()
    await new Promise(setImmediate)
  }
}
