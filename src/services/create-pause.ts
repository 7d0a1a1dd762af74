import type { Pause } from '../domain/pause.ts'

/** Webhooks wait for so long; one rule alone may take 50 ms. */
const WORK_MS_MAX = 10

/** Makes the pause of one piece of work: the event loop turns when 10 ms have gone by since it last did, and else not. */
export function createPause(now: () => number = () => performance.now()): Pause {
  let since = now()
  return async () => {
    if (now() - since < WORK_MS_MAX) return
    await new Promise((resolve) => setImmediate(resolve))
    since = now()
  }
}
