import { setTimeout as sleep } from 'node:timers/promises'
import type { Sender } from './sender.ts'

const AGAIN_MS = 100

/** When the try that a replica has taken began, and when it was answered, in milliseconds of the epoch. */
export interface Delivery {
  readonly sentAtMs: number
  readonly takenAtMs: number
}

/** Sends a webhook until a replica has taken it, as HelpCrunch does. */
export async function deliver(sender: Sender, url: () => string, webhook: { readonly id: string }): Promise<Delivery> {
  for (;;) {
    const sentAtMs = Date.now()
    if ((await sender.send(url(), webhook)).status === 202) return { sentAtMs, takenAtMs: Date.now() }
    await sleep(AGAIN_MS)
  }
}
