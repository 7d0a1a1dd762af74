import { type Test, test } from 'tap'
import { apiOf } from '../support/api.ts'
import type { Json } from '../support/json.ts'
import { misfits, operationsOf } from '../support/openapi.ts'
import { rule } from '../support/rules.ts'
import { type Service, startService } from '../support/service.ts'
import { envelope, post } from '../support/webhooks.ts'

test('what is answered fits the reference, on every route', async (t) => {
  const rules = [{}, { key: 'shadow', status: 'shadow' as const }]
  const service = await startService(t, { rules })
  const { ask, check, left } = await createAsking(t, service)
  const chat = service.simulator.openChat({ customerId: 9011, text: 'Guten Tag' })
  await service.drained()

  await ask('GET /v1/departments')
  const { data } = await ask('GET /v1/decisions')
  const { id, eventId } = data.find(({ chatId }: { chatId: number }) => chatId === chat.id)
  await ask('GET /v1/decisions/{id}', { id })
  await ask('POST /v1/decisions/{id}/test', { id })
  await ask('GET /v1/events')
  await ask('GET /v1/events/{id}', { id: eventId })

  const tests = [{ name: 'de', facts: { language: 'de' }, expect: 'match' as const }]
  const french = rule({ key: 'french', priority: 1, tests })
  await ask('POST /v1/rules', { body: french })
  await ask('PUT /v1/rules/{key}', { key: 'french', ifMatch: '"1"', body: { ...french, department: 20 } })
  await ask('POST /v1/rules/{key}/rollback', { key: 'french', body: { version: 1 } })
  await ask('GET /v1/rules/{key}', { key: 'french' })
  await ask('GET /v1/rules/{key}/versions', { key: 'french' })
  await ask('GET /v1/rules')
  await ask('PUT /v1/rules/order', { body: { keys: ['french', 'german', 'shadow'] } })
  await ask('PUT /v1/rules', {
    ifMatch: '*',
    body: { rules: [french, rule(), rule({ key: 'shadow', status: 'shadow' })] },
  })
  await ask('POST /v1/rules/check', { body: { rules: [french, { ...french, priority: 0 }] } })

  await ask('POST /v1/simulations', { body: { facts: { language: 'fr', 'custom.seats': 12 } } })
  await ask('POST /v1/simulations', { body: { decisionId: id, rules: [french] } })
  await ask('POST /v1/backtests', { body: { rules: [rule({ department: 30 })] } })
  await ask('GET /v1/facts')
  await ask('GET /v1/stats')
  await ask('DELETE /v1/rules/{key}', { key: 'french', ifMatch: '*' })

  const token = await ask('POST /v1/tokens', { body: { name: 'Olena', role: 'viewer' } })
  await ask('GET /v1/tokens')
  await ask('DELETE /v1/tokens/{id}', { id: token.id })
  await ask('GET /v1/audit')
  await ask('GET /healthz')
  await ask('GET /readyz')
  check('POST /webhooks/helpcrunch', await post(service, envelope()))

  await service.drained()
  await service.sql("UPDATE decisions SET outcome = 'failed' WHERE id = $1", [id])
  await service.sql("UPDATE webhook_events SET status = 'set_aside' WHERE id = $1", [eventId])
  await ask('POST /v1/decisions/{id}/retry', { id })
  await ask('POST /v1/events/{id}/retry', { id: eventId })
  await ask('DELETE /v1/customers/{id}', { id: '9011' })
  await ask('GET /v1/decisions/{id}', { id })
  t.strictSame(left(), [], 'no route is left out')
})

test('what is answered to a request that is refused fits the reference', async (t) => {
  const service = await startService(t, { settings: { ROLE: 'web' } })
  const { ask, check } = await createAsking(t, service)
  const tests = [{ name: 'fr', facts: { language: 'fr' }, expect: 'match' as const }]
  await ask('POST /v1/rules', { status: 400, body: { key: 'no rule' } })
  await ask('POST /v1/rules', { status: 409, body: rule() })
  await ask('POST /v1/rules', { status: 422, body: rule({ key: 'red', tests }) })
  await ask('PUT /v1/rules/{key}', { status: 412, key: 'german', ifMatch: '"9"', body: rule() })
  await ask('PUT /v1/rules', { status: 412, ifMatch: '"9"', body: { rules: [] } })
  await ask('DELETE /v1/rules/{key}', { status: 428, key: 'german' })
  const none = await ask('DELETE /v1/rules/{key}', { status: 404, key: 'none', ifMatch: '*' })
  t.equal(none.detail, 'There is no rule "none".', 'nobody who deletes is told to create')
  await ask('GET /v1/rules/{key}', { status: 404, key: 'none' })
  await ask('GET /v1/decisions/{id}', { status: 400, id: 'first' })
  await ask('GET /v1/decisions/{id}', { status: 404, id: '999' })
  await ask('POST /v1/events/{id}/retry', { status: 404, id: 'none' })
  await ask('GET /v1/events/{id}', { status: 414, id: 'x'.repeat(201) })
  await ask('DELETE /v1/tokens/{id}', { status: 413, id: 'none', body: ' '.repeat(1_048_577) })
  const asForm = { 'content-type': 'application/x-www-form-urlencoded' }
  check('POST /v1/events/{id}/retry', await apiOf(service).send('POST', '/v1/events/none/retry', {}, asForm))
  const viewer = await ask('POST /v1/tokens', { body: { name: 'Olena', role: 'viewer' } })
  await ask('GET /v1/audit', { status: 401, token: 'wrong' })
  await ask('GET /v1/audit', { status: 403, token: viewer.token })

  const refused = [
    [401, await post(service, envelope(), { 'x-helpcrunch-signature': '00' })],
    [400, await post(service, '{}')],
    [413, await post(service, ' '.repeat(1_048_577))],
    [415, await post(service, '{}', { 'content-type': 'text/plain' })],
  ] as const
  for (const [status, answer] of refused) {
    t.equal(answer.status, status)
    check('POST /webhooks/helpcrunch', answer)
  }
})

interface Request {
  readonly id?: string
  readonly key?: string
  readonly ifMatch?: string
  readonly body?: unknown
  readonly token?: string
  /** What has to come back; any success when left out. */
  readonly status?: number
}

/** Asks by the names of operations and holds each answer against the document; `left` names those not asked yet. */
async function createAsking(t: Test, service: Service) {
  const document: Json = await (await fetch(`${service.url}/openapi.json`)).json()
  const left = new Set(operationsOf(document).map(({ name }) => name))

  function check(name: string, { status, body }: { status: number; body: Json }): void {
    const [method = '', path = ''] = name.split(' ')
    const answer = document.paths[path]?.[method.toLowerCase()]?.responses[status]
    t.ok(answer, `${name}: ${status} is documented`)
    const [media] = Object.values<Json>(answer?.content ?? {})
    if (media === undefined) t.equal(body, undefined, `${name}: ${status} has no body`)
    else t.strictSame(misfits(document, media.schema, body), [], `${name}: ${status}`)
    if (status >= 400) t.ok(answer?.description.includes(`\`${body.code}\``), `${name}: ${status} ${body.code}`)
    left.delete(name)
  }

  async function ask(name: string, request: Request = {}): Promise<Json> {
    const { id = '', key = '', ifMatch, body, token } = request
    const [method = '', path = ''] = name.split(' ')
    const address = path.replace('{id}', id).replace('{key}', key)
    const headers = ifMatch === undefined ? {} : { 'if-match': ifMatch }
    const answer = await apiOf(service, token).send(method, address, body, headers)
    const { status = answer.status < 300 ? answer.status : 200 } = request
    t.equal(answer.status, status, `${name}: ${JSON.stringify(answer.body)}`)
    check(name, answer)
    return answer.body
  }

  return { ask, check, left: () => [...left] }
}
