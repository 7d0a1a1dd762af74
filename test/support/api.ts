import { ADMIN_TOKEN, type Service } from './service.ts'
import type { Answer } from './webhooks.ts'

/** Calls the REST API with one token. Without a body there is no content type either; without content the body is undefined. */
export interface Api {
  send(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>
}

/** The API of a service, or of a replica of it; with an empty token no one is named. */
export function apiOf({ url }: Pick<Service, 'url'>, token = ADMIN_TOKEN): Api {
  return {
    async send(method, path, body, headers = {}) {
      const reply = await fetch(url + path, {
        method,
        headers: {
          ...(token !== '' && { authorization: `Bearer ${token}` }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      })
      const text = await reply.text()
      return { status: reply.status, headers: reply.headers, body: text === '' ? undefined : JSON.parse(text) }
    },
  }
}

/** The header that says which version of a rule a change is about. */
export function ifMatch(version: number): { 'if-match': string } {
  return { 'if-match': `"${version}"` }
}

/** Issues a token, and gives its secret and its id. */
export async function issueToken(
  service: Pick<Service, 'url'>,
  role: 'viewer' | 'editor' | 'admin',
  name = `the ${role}`,
): Promise<{ token: string; id: string }> {
  const { status, body } = await apiOf(service).send('POST', '/v1/tokens', { name, role })
  if (status !== 201) throw new Error(`No token was issued: ${status}`)
  return { token: body.token, id: body.id }
}
