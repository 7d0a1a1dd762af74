import fastify from 'fastify'
import { Pool as HttpPool } from 'undici'
import type { Facts } from '../../src/domain/facts.ts'
import { signBody } from '../../src/sandbox/simulator/sign-body.ts'
import { API_KEY, SIGNING_KEY } from '../../test/support/service.ts'
import { languagePlanTag } from '../support/rule-sets.ts'
import { createIndexedMap } from './indexed-map.ts'
import { createPlainEngine } from './plain-engine.ts'

// What services written by hand have in common: signed webhooks in, the customer looked up, the chat moved.

export interface ChatEvent {
  readonly id: string
  readonly eventData: { readonly chat_id: number; readonly customer: { readonly id: number } }
}

interface Customer {
  readonly locale: string
  readonly tags: readonly { readonly name: string }[]
  readonly customData: { readonly plan: string }
}

const rules = Number(process.env.RULES)
const apiUrl = new URL(process.env.HELPCRUNCH_API_URL ?? '')
/** As one writes it: with Fastify's log, and `fetch`. Tuned: without a log, and as many connections as it takes, without what `fetch` adds. */
const pool = process.env.TUNED === 'yes' ? new HttpPool(apiUrl.origin) : undefined
const headers = { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' }

export const findDepartment =
  process.env.MATCHER === 'map' ? createIndexedMap(rules) : createPlainEngine(languagePlanTag(rules))

/** Answers 202 once `take` is through, until the process is told to end. */
export async function listen(take: (event: ChatEvent) => Promise<void>, close: () => Promise<void>): Promise<void> {
  const app = fastify({ logger: pool === undefined })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  app.post('/webhooks/helpcrunch', async (request, reply) => {
    const body = request.body as Buffer // of the parser above
    if (request.headers['x-helpcrunch-signature'] !== signBody(SIGNING_KEY, body)) return reply.code(401).send()
    await take(JSON.parse(body.toString()))
    return reply.code(202).send({ status: 'accepted' })
  })
  process.once('SIGTERM', async () => {
    await app.close()
    await close()
    await pool?.close()
  })
  console.log(`Server listening at ${await app.listen({ host: '127.0.0.1', port: 0 })}`)
}

export async function lookUp({ eventData }: ChatEvent): Promise<Facts> {
  const { body } = await call('GET', `/customers/${eventData.customer.id}`)
  const { locale, tags, customData } = JSON.parse(body) as Customer // the simulator's
  return { language: locale.slice(0, 2), plan: customData.plan, tags: tags.map(({ name }) => name) }
}

export function move({ eventData }: ChatEvent, department: number): Promise<ApiReply> {
  return call('PUT', '/chats/department', JSON.stringify({ id: eventData.chat_id, department }))
}

export interface ApiReply {
  readonly status: number
  readonly body: string
}

async function call(method: 'GET' | 'PUT', path: string, body: string | null = null): Promise<ApiReply> {
  if (pool === undefined) {
    const reply = await fetch(apiUrl.href + path, { method, headers, body })
    return { status: reply.status, body: await reply.text() }
  }
  const reply = await pool.request({ method, path: apiUrl.pathname + path, headers, body })
  return { status: reply.statusCode, body: await reply.body.text() }
}
