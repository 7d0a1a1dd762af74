import fastify from 'fastify'
import { Pool as HttpPool } from 'undici'
import type { Facts } from '../../src/domain/facts.ts'
import { signBody } from '../../src/sandbox/simulator/sign-body.ts'
import { API_KEY, SIGNING_KEY } from '../../test/support/service.ts'
import { languagePlanTag } from '../support/rule-sets.ts'
import { createIndexedMap } from './indexed-map.ts'
import { createPlainEngine } from './plain-engine.ts'

// What one writes by hand in an afternoon: look the customer up, evaluate, move, answer. Nothing is stored, so what fails is lost.
const rules = Number(process.env.RULES)
const find = process.env.MATCHER === 'map' ? createIndexedMap(rules) : createPlainEngine(languagePlanTag(rules))
const apiUrl = new URL(process.env.HELPCRUNCH_API_URL ?? '')
const api = new HttpPool(apiUrl.origin, { connections: 20 })
const headers = { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' }
const app = fastify()
app.removeAllContentTypeParsers()
app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
app.post('/webhooks/helpcrunch', async (request, reply) => {
  const body = request.body as Buffer // of the parser above
  if (request.headers['x-helpcrunch-signature'] !== signBody(SIGNING_KEY, body)) return reply.code(401).send()
  const { eventData } = JSON.parse(body.toString())
  const department = await find(factsOf(await call('GET', `/customers/${eventData.customer.id}`)))
  if (department !== undefined) {
    await call('PUT', '/chats/department', JSON.stringify({ id: eventData.chat_id, department }))
  }
  return reply.code(202).send({ status: 'accepted' })
})
process.once('SIGTERM', async () => {
  await app.close()
  await api.close()
})
console.log(`Server listening at ${await app.listen({ host: '127.0.0.1', port: 0 })}`)

interface Customer {
  readonly locale: string
  readonly tags: readonly { readonly name: string }[]
  readonly customData: { readonly plan: string }
}

async function call(method: 'GET' | 'PUT', path: string, body?: string): Promise<Customer> {
  const reply = await api.request({ method, path: apiUrl.pathname + path, headers, body: body ?? null })
  return (await reply.body.json()) as Customer // the simulator's
}

function factsOf({ locale, tags, customData }: Customer): Facts {
  return { language: locale.slice(0, 2), plan: customData.plan, tags: tags.map(({ name }) => name) }
}
