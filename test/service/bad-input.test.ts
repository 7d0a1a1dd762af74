import { type Test, test } from 'tap'
import { request } from 'undici'
import { apiOf } from '../support/api.ts'
import { rule } from '../support/rules.ts'
import { ADMIN_TOKEN, type Service, shareService } from '../support/service.ts'

const anyService = shareService({ settings: { ROLE: 'web' } })

interface Refused {
  readonly pointer: string
  readonly message: RegExp
}

/** The answer names exactly this place, and says this of it. */
async function assertRefused(
  t: Test,
  answer: Promise<{ status: number; body: unknown }>,
  { pointer, message }: Refused,
) {
  const { status, body } = await answer
  t.equal(status, 400, `${pointer} ${message}`)
  t.match(body, { code: 'invalid_input', errors: [{ pointer, message }] })
}

/** A request with a body as it is, whatever its type says. */
async function sendRaw(service: Service, method: 'POST' | 'DELETE', path: string, type: string, body: string | Buffer) {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': type, 'if-match': '*' }
  const reply = await request(service.url + path, { method, headers, body })
  const text = await reply.body.text()
  return { status: reply.statusCode, body: text === '' ? undefined : JSON.parse(text) }
}

test('a time that is no moment is refused, with what a time is', async (t) => {
  const service = await anyService(t)
  const noMoments = [
    '2026-01-01T00:00:00+05',
    '2026-06-30T23:59:60Z',
    '0000-01-01T00:00:00Z',
    '9999-12-31T23:59:59-12:00',
    '2026-02-30T00:00:00Z',
    'noon',
  ]
  for (const path of ['/v1/decisions', '/v1/stats']) {
    for (const [name, time] of noMoments.flatMap(
      (time) =>
        [
          ['from', time],
          ['to', time],
        ] as const,
    )) {
      const message = /must be a time with its zone, such as 2026-03-02T10:00:00Z/
      await assertRefused(t, service.get(`${path}?${name}=${encodeURIComponent(time)}`), {
        pointer: `/${name}`,
        message,
      })
    }
  }
  for (const time of ['0001-01-01T00:00:00Z', '9999-12-31T23:59:59Z']) {
    t.equal((await service.get(`/v1/decisions?to=${time}`)).status, 200, time)
  }
})

test('U+0000 in an address is refused: Postgres has no such text', async (t) => {
  const service = await anyService(t)
  const message = /must not contain U\+0000/
  for (const path of ['/v1/rules/%00', '/v1/rules/%00/versions', '/v1/events/a%00']) {
    await assertRefused(t, service.get(path), { pointer: path.startsWith('/v1/rules') ? '/key' : '/id', message })
  }
  for (const path of ['decisions?rule', 'events?type', 'audit?actor', 'audit?action', 'audit?subject']) {
    const name = path.split('?')[1]
    await assertRefused(t, service.get(`/v1/${path}=a%00b`), { pointer: `/${name}`, message })
  }
})

test('a cursor beyond what a list can hold is none of that list', async (t) => {
  const service = await anyService(t)
  const { send } = apiOf(service)
  t.equal((await send('POST', '/v1/rules', rule({ key: 'beyond' }))).status, 201)
  for (const [path, position] of [
    ['rules/beyond/versions', '2147483648'],
    ['decisions', '9999999999999999999'],
  ]) {
    const cursor = Buffer.from(position ?? '').toString('base64url')
    await assertRefused(t, service.get(`/v1/${path}?cursor=${cursor}`), {
      pointer: '/cursor',
      message: /no nextCursor/,
    })
  }
})

test('JSON has types of its own: nothing in a body is turned into what it is not', async (t) => {
  const { send } = apiOf(await anyService(t))
  await send('POST', '/v1/rules', rule({ key: 'typed' }))
  for (const version of [true, '1']) {
    const answer = send('POST', '/v1/rules/typed/rollback', { version })
    await assertRefused(t, answer, { pointer: '/version', message: /must be integer/ })
  }
  await assertRefused(t, send('POST', '/v1/tokens', { name: true, role: 'viewer' }), {
    pointer: '/name',
    message: /must be string/,
  })
})

test('the name of a token is text that can be read and kept', async (t) => {
  const { send } = apiOf(await anyService(t))
  for (const name of ['a\u0000b', '\u001b', 'a\u0001b', 'x\ud800', '\udc00', ' ', '\u00a0']) {
    const answer = send('POST', '/v1/tokens', { name, role: 'viewer' })
    await assertRefused(t, answer, { pointer: '/name', message: /must be well-formed\. Whose token it is/ })
  }
  for (const name of ['Olena', 'Олена К.', '🦊', ' CI  2 ']) {
    t.equal((await send('POST', '/v1/tokens', { name, role: 'viewer' })).status, 201, name)
  }
})

test('a malformed id is refused with what an id is', async (t) => {
  const service = await anyService(t)
  const message = /must be well-formed\. The id of a decision, in digits/
  for (const id of ['abc', '-1', '1e3', '1'.repeat(19)]) {
    await assertRefused(t, service.get(`/v1/decisions/${id}`), { pointer: '/id', message })
  }
  t.equal((await service.get('/v1/decisions/abc')).body.detail, 'The path is not valid.')
})

test('an address that cannot be read is answered as a problem', async (t) => {
  const { url } = await anyService(t)
  const cases = [
    ['/v1/events/%ff', 400, 'bad_request'],
    [`/v1/rules/${'a'.repeat(300)}`, 414, 'uri_too_long'],
  ] as const
  for (const [path, status, code] of cases) {
    const reply = await fetch(url + path, { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } })
    t.match(reply.headers.get('content-type'), 'application/problem+json')
    t.match(await reply.json(), { type: 'about:blank', status, code })
  }
})

test('who names a type but sends no body is understood where none is needed', async (t) => {
  const service = await anyService(t)
  const { send } = apiOf(service)
  await send('POST', '/v1/rules', rule({ key: 'bodiless' }))
  const json = 'application/json'
  t.equal((await sendRaw(service, 'DELETE', '/v1/rules/bodiless', json, '')).status, 204)
  for (const body of ['', '{}']) {
    t.match(await sendRaw(service, 'POST', '/v1/decisions/1/retry', json, body), { body: { code: 'not_found' } })
  }
  const message = /^It is empty\. Expected: a rule/
  await assertRefused(t, sendRaw(service, 'POST', '/v1/rules', json, ''), { pointer: '', message })
})

test('what a route does not know is refused, not dropped', async (t) => {
  const service = await anyService(t)
  const { send } = apiOf(service)
  const message = /is not known here/
  for (const [method, path] of [
    ['GET', '/v1/rules/vip'],
    ['GET', '/v1/decisions/1'],
    ['GET', '/v1/facts'],
    ['DELETE', '/v1/customers/1'],
    ['POST', '/v1/decisions/1/retry'],
  ] as const) {
    await assertRefused(t, send(method, `${path}?x=1`), { pointer: '/x', message })
  }
  await assertRefused(t, send('POST', '/v1/decisions/1/retry', { force: true }), { pointer: '', message })
  await assertRefused(t, send('DELETE', '/v1/customers/1', ['everything']), { pointer: '', message })
})

test('a body is UTF-8: other bytes are refused, and a mark before it does not count', async (t) => {
  const service = await anyService(t)
  const post = (body: string, encoding: BufferEncoding) =>
    sendRaw(service, 'POST', '/v1/rules', 'application/json', Buffer.from(body, encoding))
  const body = JSON.stringify(rule({ key: 'green', name: 'Grün' }))
  await assertRefused(t, post(body, 'latin1'), { pointer: '', message: /is not UTF-8/ })
  t.match(await post(`\ufeff${body}`, 'utf8'), { status: 201, body: { name: 'Grün' } })
})

test('a member that is there twice is refused, with its place', async (t) => {
  const service = await anyService(t)
  const body = JSON.stringify(rule({ key: 'twice' })).replace('"value":', '"value":"fr","value":')
  await assertRefused(t, sendRaw(service, 'POST', '/v1/rules', 'application/json', body), {
    pointer: '/conditions/value',
    message: /is there twice: take one out/,
  })
  t.equal((await service.get('/v1/rules/twice')).status, 404)
})

test('a body that is no JSON is refused with the place of its fault; other types are not taken', async (t) => {
  const service = await anyService(t)
  const post = (type: string, body: string) => sendRaw(service, 'POST', '/v1/rules', type, body)
  const json = 'application/json'
  await assertRefused(t, post(json, '{"key": }'), { pointer: '', message: /Unexpected token '}'.*JSON/ })
  await assertRefused(t, post(json, '{"__proto__": {"a": 1}}'), {
    pointer: '',
    message: /forbidden prototype property/,
  })
  for (const type of ['text/plain', 'application/xml', 'application/x-www-form-urlencoded']) {
    const detail = /^Send JSON, with the header "Content-Type: application\/json"/
    t.match(await post(type, '{}'), { status: 415, body: { code: 'not_json', detail } }, type)
  }
})
