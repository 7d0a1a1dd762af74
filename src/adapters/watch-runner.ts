import type { EventEmitter } from 'node:events'

const LOOK_MS = 1_000
/** An idle worker asks for a job every two seconds at least. */
const SILENT_LOOKS_MAX = 5

/**
 * Tells when the idle workers of a runner have got no answer for too long. graphile-worker 0.18 asks for the ids of its tasks
 * once, and keeps a failure for ever: when its database goes away just then, it never takes a job again, and says nothing.
 * What counts is how often nothing had come when it looked, and no clock: a process that was frozen for a while has not asked.
 * `jobIds` are the jobs under way. Gives the way to stop watching.
 */
export function watchRunner(
  events: EventEmitter,
  { jobIds, concurrency }: { readonly jobIds: ReadonlySet<string>; readonly concurrency: number },
  onSilent: () => void,
): () => void {
  let silentLooks = 0
  for (const answer of ['worker:getJob:empty', 'job:start', 'job:complete']) {
    events.on(answer, () => {
      silentLooks = 0
    })
  }
  const timer = setInterval(() => {
    if (jobIds.size < concurrency && ++silentLooks > SILENT_LOOKS_MAX) onSilent()
  }, LOOK_MS)
  timer.unref()
  return () => clearInterval(timer)
}
