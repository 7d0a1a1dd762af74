import { EventEmitter } from 'node:events'
import { mock } from 'node:test'
import { type Test, test } from 'tap'
import { watchRunner } from '../../src/adapters/watch-runner.ts'

/** Watches a runner of two workers; `looks` lets the watch look so many times. */
function watch(t: Test, jobsUnderWay: number) {
  mock.timers.enable({ apis: ['setInterval'] })
  t.teardown(() => mock.timers.reset())
  const events = new EventEmitter()
  let told = 0
  const jobIds = new Set(Array.from({ length: jobsUnderWay }, (_, id) => String(id)))
  const onSilent = () => {
    told += 1
  }
  t.teardown(watchRunner(events, { jobIds, concurrency: 2 }, onSilent))
  return { events, told: () => told, looks: (count: number) => mock.timers.tick(count * 1_000) }
}

test('a runner whose idle workers get no answer for more than five seconds is told of', async (t) => {
  const { told, looks } = watch(t, 1)
  looks(5)
  t.equal(told(), 0)
  looks(1)
  t.equal(told(), 1)
})

test('each answer counts: that there is no job, that one begins, that one has ended', async (t) => {
  const { events, told, looks } = watch(t, 0)
  for (const answer of ['worker:getJob:empty', 'job:start', 'job:complete']) {
    looks(5)
    events.emit(answer)
  }
  looks(5)
  t.equal(told(), 0)
})

test('a runner is not silent while all its workers have jobs', async (t) => {
  const { told, looks } = watch(t, 2)
  looks(60)
  t.equal(told(), 0)
})
