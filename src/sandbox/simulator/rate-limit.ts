import type { SimulatorSwitches } from './switches.ts'

const WINDOW_MS = 60_000

/** The bucket of calls a minute that HelpCrunch answers with 429 once it is full. */
export interface RateLimit {
  /** Counts a call of the given key, or says when the next one will be let in. A refused call is not counted. */
  admit(apiKey: string): { kind: 'admitted' } | { kind: 'refused'; retryAfterMs: number }
}

/** Creates the bucket; its size, window and scope are read from the switches at each call. */
export function createRateLimit(switches: SimulatorSwitches, now: () => Date): RateLimit {
  const admitted = new Map<string, number[]>()
  return {
    admit(apiKey) {
      const bucket = switches.rateScope === 'account' ? 'account' : apiKey
      const at = now().getTime()
      const opensAt = at - (at % WINDOW_MS)
      const inWindow = (time: number) => (switches.rateWindow === 'fixed' ? time >= opensAt : time > at - WINDOW_MS)
      const times = admitted.get(bucket) ?? []
      const over = times.findIndex(inWindow)
      times.splice(0, over === -1 ? times.length : over)
      admitted.set(bucket, times)
      if (times.length < switches.rateLimitPerMinute) {
        times.push(at)
        return { kind: 'admitted' }
      }
      const freeFrom = switches.rateWindow === 'fixed' ? opensAt : (times[0] ?? at)
      return { kind: 'refused', retryAfterMs: freeFrom + WINDOW_MS - at }
    },
  }
}
