import { ADMIN_TOKEN, type Service } from './service.ts'
import type { Answer } from './webhooks.ts'

/** `POST` with the admin's token; without a body there is no content type either. */
export async function postJson({ url }: Pick<Service, 'url'>, path: string, body?: unknown): Promise<Answer> {
  const type = body === undefined ? {} : { 'content-type': 'application/json' }
  const reply = await fetch(url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, ...type },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  return { status: reply.status, headers: reply.headers, body: await reply.json() }
}
