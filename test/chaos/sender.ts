import { setImmediate as breathe, setTimeout as sleep } from 'node:timers/promises'
import { Agent, request } from 'undici'
import { signBody } from '../../src/sandbox/simulator/sign-body.ts'
import type { Scope } from '../support/scope.ts'
import { SIGNING_KEY } from '../support/service.ts'

/** One try to deliver a webhook. `status` is undefined when no answer came. */
export interface Sending {
  readonly id: string
  readonly status: number | undefined
  readonly durationMs: number
}

export interface Sender {
  /** All that was sent, whatever came of it. */
  readonly sent: readonly Sending[]
  /** The ids of those that were answered with 202. */
  acknowledged(): string[]
  /** Signs and posts one webhook to one of the replicas, and says how it was answered. Never rejects. */
  send(url: string, envelope: { readonly id: string }): Promise<Sending>
  /** Posts one webhook after the other until it says stop: open-loop, so a slow answer delays no other. */
  stream(perSecond: number, next: () => { url: string; envelope: { id: string } } | undefined): Promise<void>
}

/** HelpCrunch's place at the intake, with a book of what was acknowledged. */
export function createSender(t: Scope, { connections = 64, patienceMs = 10_000 } = {}): Sender {
  const agent = new Agent({ connections })
  t.teardown(() => agent.destroy())
  const sent: Sending[] = []
  const send: Sender['send'] = async (url, envelope) => {
    const body = JSON.stringify(envelope)
    const startedAt = performance.now()
    const status = await request(`${url}/webhooks/helpcrunch`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', 'x-helpcrunch-signature': signBody(SIGNING_KEY, body) },
      dispatcher: agent,
      signal: AbortSignal.timeout(patienceMs),
    })
      .then(async (reply) => {
        await reply.body.dump()
        return reply.statusCode
      })
      .catch(() => undefined)
    const sending = { id: envelope.id, status, durationMs: performance.now() - startedAt }
    sent.push(sending)
    return sending
  }
  return {
    sent,
    send,
    acknowledged: () => [...new Set(sent.filter(({ status }) => status === 202).map(({ id }) => id))],
    async stream(perSecond, next) {
      const startedAt = performance.now()
      const open = new Set<Promise<unknown>>()
      for (let count = 0; ; count++) {
        const planned = next()
        if (planned === undefined) break
        const sending = send(planned.url, planned.envelope)
        open.add(sending)
        void sending.then(() => open.delete(sending))
        const dueMs = ((count + 1) * 1_000) / perSecond - (performance.now() - startedAt)
        // Who is behind must still read the answers, or measures its own delay.
        await (dueMs > 0 ? sleep(dueMs) : breathe())
      }
      await Promise.all(open)
    },
  }
}

/** The value below which that share of the numbers lies; 0 of none. */
export function percentile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}
