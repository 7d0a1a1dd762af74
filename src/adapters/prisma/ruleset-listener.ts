import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import type { Log } from '../../services/log.ts'
import { RULESET_CHANGED } from './rule-book.ts'

export interface RulesetListenerOptions {
  readonly pool: pg.Pool
  /** Called for each new rule set, and after each reconnection, when announcements may have been missed. */
  readonly onChange: () => Promise<void>
  readonly log: Log
}

export interface RulesetListener {
  stop(): Promise<void>
}

const RECONNECT_MS = 1_000

/** Hears of new rule sets on a connection of its own. They only warm the cache: whoever decides asks for the version. */
export function startRulesetListener({ pool, onChange, log }: RulesetListenerOptions): RulesetListener {
  const stopping = new AbortController()
  const running = run()
  return {
    async stop() {
      stopping.abort()
      await running
    },
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      await listen().catch((error: unknown) => log.warn({ err: error }, 'ruleset.not_listening'))
      await sleep(RECONNECT_MS, undefined, { signal: stopping.signal }).catch(() => undefined) // stopped
    }
  }

  /** Returns when the connection is lost, or there is no more need of it. */
  async function listen(): Promise<void> {
    const client = await pool.connect()
    const ended = Promise.withResolvers<void>()
    const end = () => ended.resolve()
    client.once('end', end)
    client.once('error', end)
    client.on('notification', change)
    stopping.signal.addEventListener('abort', end)
    try {
      await client.query(`LISTEN ${RULESET_CHANGED}`)
      change()
      if (!stopping.signal.aborted) await ended.promise
    } finally {
      stopping.signal.removeEventListener('abort', end)
      client.removeListener('notification', change)
      client.release(true) // never back into the pool: it would go on listening there
    }
  }

  function change(): void {
    onChange().catch((error: unknown) => log.warn({ err: error }, 'ruleset.not_loaded'))
  }
}
