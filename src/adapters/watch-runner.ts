import type { EventEmitter } from 'node:events'

/** An idle worker asks for a job every two seconds at least. */
const SILENCE_MS_MAX = 5_000
const LOOK_MS = 1_000

/**
 * Tells when the idle workers of a runner have got no answer for too long. graphile-worker 0.18 asks for the ids of its tasks
 * once, and keeps a failure for ever: when its database goes away just then, it never takes a job again, and says nothing.
 * `jobIds` are the jobs under way. Gives the way to stop watching.
 */
export function watchRunner(
  events: EventEmitter,
  { jobIds, concurrency }: { readonly jobIds: ReadonlySet<string>; readonly concurrency: number },
  onSilent: () => void,
): () => void {
  let answeredMs = performance.now()
  for (const answer of ['worker:getJob:empty', 'job:start', 'job:complete']) {
    events.on(answer, () => {
      answeredMs = performance.now()
    })
  }
  const timer = setInterval(() => {
    if (jobIds.size < concurrency && performance.now() - answeredMs > SILENCE_MS_MAX) onSilent()
  }, LOOK_MS)
  timer.unref()
  return () => clearInterval(timer)
}
