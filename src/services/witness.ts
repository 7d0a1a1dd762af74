import { setTimeout as sleep } from 'node:timers/promises'

/** A move of ours that HelpCrunch has confirmed. */
export interface Confirmed {
  readonly chatId: number
  readonly customerId: number
  readonly departmentId: number
}

/** The chat that this process moved last: a search that shows it in its new department does not lag behind. */
export interface Witness {
  /** Undefined when it is so long ago that even a search that lags would show it. */
  last(): Confirmed | undefined
  confirm(move: Confirmed): void
  /** Ends when the work on this chat does, or takes too long; then nobody waits for another one for a while. */
  waitFor(chatId: number): Promise<void>
  /** The work on a chat has ended, with a confirmed move or without. */
  workEnded(chatId: number): void
}

const LAST_MS_MAX = 120_000
const WAIT_MS = { max: 2_000, notAgainFor: 60_000 }

export function createWitness(): Witness {
  let last: (Confirmed & { readonly atMs: number }) | undefined
  let awaited: { readonly chatId: number; readonly end: PromiseWithResolvers<boolean> } | undefined
  let waitsFromMs = Number.NEGATIVE_INFINITY
  return {
    last: () => (last !== undefined && performance.now() - last.atMs <= LAST_MS_MAX ? last : undefined),
    confirm(move) {
      last = { ...move, atMs: performance.now() }
    },
    async waitFor(chatId) {
      if (performance.now() < waitsFromMs) return
      const end = Promise.withResolvers<boolean>()
      awaited = { chatId, end }
      const hasEnded = await Promise.race([end.promise, sleep(WAIT_MS.max, false, { ref: false })])
      if (!hasEnded) waitsFromMs = performance.now() + WAIT_MS.notAgainFor
    },
    workEnded(chatId) {
      if (awaited?.chatId === chatId) awaited.end.resolve(true)
    },
  }
}
