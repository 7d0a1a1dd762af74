import { type Test, test } from 'tap'
import { readRule } from '../../src/domain/validate-rule.ts'
import type { Json } from '../support/json.ts'
import { bodiesOf, misfits, operationsOf, servedRoutes, valuesOf } from '../support/openapi.ts'
import { rule } from '../support/rules.ts'
import { startService } from '../support/service.ts'

test('what is served is what is documented', async (t) => {
  const { app, document } = await start(t)
  const withSlash = 'POST /webhooks/helpcrunch/' // the same one, for addresses that were entered so
  const served = servedRoutes(app).filter((name) => name !== withSlash)
  t.ok(served.includes('GET /v1/decisions/{id}'))
  const documented = operationsOf(document).map(({ name }) => name)
  t.strictSame(documented.toSorted(), served.toSorted())
})

test('the document is OpenAPI 3.1.0, and every reference in it leads somewhere', async (t) => {
  const { document } = await start(t)
  t.match(document, { openapi: '3.1.0', info: { title: 'helpcrunch-router', version: /^\d+\.\d+\.\d+/ } })
  const references = new Set(valuesOf(document, '$ref').map(String))
  t.ok(references.has('#/components/schemas/Conditions'))
  for (const reference of references) {
    const [, name = ''] = /^#\/components\/schemas\/(\w+)$/.exec(reference) ?? []
    t.type(document.components.schemas[name], 'object', reference)
  }
  t.strictSame(valuesOf(document, '$defs'), [], 'no schema is hidden in another')
})

test('each operation has an id of its own, a place, a summary, an explanation, and a meaning of each parameter, a schema and an example of each body', async (t) => {
  const { document } = await start(t)
  const operations = operationsOf(document)
  t.equal(new Set(operations.map(({ operation }) => operation.operationId)).size, operations.length)
  const tags = document.tags.map(({ name }: { name: string }) => name)
  for (const { name, operation } of operations) {
    t.match(operation, { operationId: /^[a-z]+[A-Za-z]+$/, summary: /\w/, description: /\w/ }, name)
    t.ok(tags.includes(operation.tags?.[0]), name)
    const bodies = bodiesOf(operation)
    t.ok(operation.responses[204] || bodies.some(({ where }) => where.startsWith('2')), name)
    for (const { where, media } of bodies) t.ok(media.schema && media.example !== undefined, `${name}: ${where}`)
    for (const parameter of operation.parameters ?? []) t.match(parameter, { description: /\w/ }, name)
  }
})

test('a route says what it asks for: a token with its role, a signature, or nothing; and its headers', async (t) => {
  const { paths } = (await start(t)).document
  t.strictSame(paths['/healthz'].get.security, [])
  t.strictSame(paths['/webhooks/helpcrunch'].post.security, [{ signature: [] }])
  const reading = { security: [{ token: [] }], description: /the role `viewer`/, responses: { 401: {} } }
  t.match(paths['/v1/decisions'].get, reading)
  t.notOk(paths['/v1/decisions'].get.responses[403], 'no role is smaller than the viewer')
  t.match(paths['/v1/tokens'].post, { description: /the role `admin`/, responses: { 400: {}, 401: {}, 403: {} } })
  t.match(paths['/v1/decisions'].get.parameters[0], { name: 'limit', required: false, schema: { default: 20 } })
  const put = paths['/v1/rules/{key}'].put
  t.match(put.parameters.at(-1), { in: 'header', name: 'If-Match', required: true })
  t.match(put.responses, { 200: { headers: { ETag: {} } }, 412: {}, 428: {} })
  t.match(paths['/v1/rules'].post.responses[201].headers, { ETag: {}, Location: {} })
  t.match(paths['/webhooks/helpcrunch'].post.responses[503].headers, { 'Retry-After': {} })
})

test('every example fits the schema beside it, and the example of a rule is a rule', async (t) => {
  const { document } = await start(t)
  for (const { name, operation } of operationsOf(document)) {
    for (const { where, media } of bodiesOf(operation)) {
      t.strictSame(misfits(document, media.schema, media.example), [], `${name}: ${where}`)
    }
  }
  const { example } = document.paths['/v1/rules'].post.requestBody.content['application/json']
  t.match(readRule(example), { kind: 'valid' })
})

test('the example of bad input is about something that the operation takes', async (t) => {
  const { document } = await start(t)
  for (const { name, operation } of operationsOf(document)) {
    const { example } = operation.responses[400]?.content['application/problem+json'] ?? {}
    if (example?.code !== 'invalid_input') continue
    const [{ pointer }] = example.errors
    const [, first] = pointer.split('/')
    const isTaken = first === undefined || namesTaken(document, operation).includes(`${example.detail} /${first}`)
    t.ok(isTaken, `${name}: ${example.detail} ${pointer}`)
  }
})

test('the schema of a rule takes what is a rule, and nothing else', async (t) => {
  const { document } = await start(t)
  const fits = (value: unknown) => misfits(document, { $ref: '#/components/schemas/RuleDocument' }, value).length === 0
  const seats = { fact: 'custom.seats', operator: 'between' }
  t.ok(fits(rule()))
  t.ok(fits({ ...rule(), conditions: { any: [{ not: { ...seats, value: [1, 9] } }] } }))
  t.notOk(fits({ ...rule(), colour: 'red' }))
  t.notOk(fits({ ...rule(), conditions: { any: [{ not: { ...seats, value: [1, 9, 10] } }] } }))
  t.notOk(fits({ ...rule(), conditions: { any: [{ not: { ...seats, operator: 'sounds', value: 1 } }] } }))
})

test('the reference can be browsed without a token and without the internet', async (t) => {
  const { url } = await start(t)
  const page = await fetch(`${url}/docs`)
  t.equal(page.status, 200)
  t.match(page.headers.get('content-security-policy'), /^default-src 'self';/, 'nothing comes from elsewhere')
  const assets = [...(await page.text()).matchAll(/(?:src|href)="([^"]+)"/g)].flatMap(([, address]) => address ?? [])
  t.ok(assets.some((asset) => asset.endsWith('swagger-ui-bundle.js')))
  for (const asset of [...assets, '/docs/json']) {
    const reply = await fetch(new URL(asset, page.url))
    t.equal(reply.status, 200, asset)
    t.ok((await reply.arrayBuffer()).byteLength > 0, asset)
  }
})

/** Of all that an operation takes, how bad input begins: `The path is not valid. /id`. */
function namesTaken(document: Json, operation: Json): string[] {
  const parts: Json = { path: 'path', query: 'querystring' }
  const parameters: Json[] = operation.parameters ?? []
  const { schema } = operation.requestBody?.content['application/json'] ?? {}
  const [, component = ''] = /(\w+)$/.exec(schema?.allOf?.[0].$ref ?? '') ?? []
  const { properties = {} } = document.components.schemas[component] ?? schema ?? {}
  return [
    ...parameters.map(({ in: place, name }) => `The ${parts[place]} is not valid. /${name}`),
    ...Object.keys(properties).map((name) => `The body is not valid. /${name}`),
  ]
}

/** Nothing works anything off: a document needs no worker. */
async function start(t: Test) {
  const { app, url } = await startService(t, { settings: { ROLE: 'web' } })
  const document: Json = await (await fetch(`${url}/openapi.json`)).json()
  return { app, url, document }
}
