import { randomUUID } from 'node:crypto'
import { signBody } from '../../src/sandbox/simulator/sign-body.ts'
import type { Json } from './json.ts'
import type { Service } from './service.ts'
import { SIGNING_KEY } from './service.ts'

/** A valid envelope of a new chat, which has just happened; override what the test is about. */
export function envelope(parts: Readonly<Record<string, unknown>> = {}) {
  const now = Math.floor(Date.now() / 1_000)
  const eventData = { chat_id: nextChatId++, customer: null, status: 'new', department: null, assignee: null }
  return { event: 'chat.new', eventData, attempts: 0, lastAttemptAt: now, createdAt: now, id: randomUUID(), ...parts }
}

let nextChatId = 1_000_000

/** What a webhook, or a `GET`, was answered. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: Json
}

/** Posts a webhook with a good signature to a service, and tells all there is to its answer. */
export async function post(
  { url }: Pick<Service, 'url'>,
  webhook: object | string | Uint8Array<ArrayBuffer>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const body = typeof webhook === 'string' || webhook instanceof Uint8Array ? webhook : JSON.stringify(webhook)
  const signed = { 'content-type': 'application/json', 'x-helpcrunch-signature': signBody(SIGNING_KEY, body) }
  const reply = await fetch(`${url}/webhooks/helpcrunch`, { method: 'POST', body, headers: { ...signed, ...headers } })
  return { status: reply.status, headers: reply.headers, body: await reply.json() }
}
