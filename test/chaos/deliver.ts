import { setTimeout as sleep } from 'node:timers/promises'
import type { Sender } from './sender.ts'

const AGAIN_MS = 100

/** Sends a webhook until a replica has taken it, as HelpCrunch does, and gives the time at which that try began. */
export async function deliver(sender: Sender, url: () => string, webhook: { readonly id: string }): Promise<number> {
  for (;;) {
    const sentAtMs = Date.now()
    if ((await sender.send(url(), webhook)).status === 202) return sentAtMs
    await sleep(AGAIN_MS)
  }
}
