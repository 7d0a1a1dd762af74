import type { EventEmitter } from 'node:events'

/** An idle worker asks for a job twice a second. */
const SILENCE_MS_MAX = 5_000
const LOOK_MS = 1_000

/**
 * Tells when the idle workers of a runner have got no answer for too long. graphile-worker 0.18 asks for the ids of its tasks
 * once, and keeps a failure for ever: when its database goes away just then, it never takes a job again, and says nothing.
 * Gives the way to stop watching.
 */
export function watchRunner(events: EventEmitter, concurrency: number, onSilent: () => void): () => void {
  let answeredMs = performance.now()
  let jobs = 0
  const countJobs = (change: number) => () => {
    jobs += change
    answeredMs = performance.now()
  }
  events.on('worker:getJob:empty', countJobs(0))
  events.on('job:start', countJobs(1))
  events.on('job:complete', countJobs(-1))
  const timer = setInterval(() => {
    if (jobs < concurrency && performance.now() - answeredMs > SILENCE_MS_MAX) onSilent()
  }, LOOK_MS)
  timer.unref()
  return () => clearInterval(timer)
}
