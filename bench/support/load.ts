import { setTimeout as sleep } from 'node:timers/promises'
import { Agent, request } from 'undici'
import { signBody } from '../../src/sandbox/simulator/sign-body.ts'
import type { Scope } from '../../test/support/scope.ts'
import { SIGNING_KEY } from '../../test/support/service.ts'
import { envelope } from '../../test/support/webhooks.ts'

export interface Load {
  /** Posts as fast as answers come, over so many connections, for so long; gives the answers per second. */
  flood(url: string, connections: number, forMs: number): Promise<number>
  /** Posts so many a second whatever the answers do, for so long; gives how long each answer took, in milliseconds. */
  drip(url: string, perSecond: number, forMs: number): Promise<number[]>
  /** Posts these, so many at a time. */
  send(url: string, envelopes: readonly object[], atATime: number): Promise<void>
  /** Posts one and gives the milliseconds until its answer. Rejects unless it was taken in. */
  post(url: string, envelope: object): Promise<number>
}

const AGAIN_MS = 50

/** HelpCrunch's place, for measuring. */
export function createLoad(scope: Scope): Load {
  const agent = new Agent({ connections: 128 })
  scope.teardown(() => agent.destroy())

  const post = async (url: string, event: object) => {
    const body = JSON.stringify(event)
    const headers = { 'content-type': 'application/json', 'x-helpcrunch-signature': signBody(SIGNING_KEY, body) }
    const startedAt = performance.now()
    for (;;) {
      const target = `${url}/webhooks/helpcrunch`
      const reply = await request(target, { method: 'POST', body, headers, dispatcher: agent })
      await reply.body.dump()
      if (reply.statusCode === 202) return performance.now() - startedAt
      // "Not stored, send it again": so we do, and the time goes on.
      if (reply.statusCode !== 503) throw new Error(`A webhook was answered with ${reply.statusCode}.`)
      await sleep(AGAIN_MS)
    }
  }
  return {
    post,
    async flood(url, connections, forMs) {
      const startedAt = performance.now()
      let answered = 0
      const connection = async () => {
        while (performance.now() - startedAt < forMs) {
          await post(url, envelope())
          answered += 1
        }
      }
      await Promise.all(Array.from({ length: connections }, connection))
      return (answered * 1_000) / (performance.now() - startedAt)
    },
    async drip(url, perSecond, forMs) {
      const startedAt = performance.now()
      const posts: Promise<number>[] = []
      const count = (forMs * perSecond) / 1_000
      while (posts.length < count) {
        posts.push(post(url, envelope()))
        const dueMs = (posts.length * 1_000) / perSecond - (performance.now() - startedAt)
        if (dueMs > 0) await sleep(dueMs)
      }
      return Promise.all(posts)
    },
    async send(url, envelopes, atATime) {
      const waiting = envelopes.values()
      const connection = async () => {
        for (const event of waiting) await post(url, event)
      }
      await Promise.all(Array.from({ length: atATime }, connection))
    },
  }
}
