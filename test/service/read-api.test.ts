import { test } from 'tap'
import { insertDecisions, insertEvents } from '../support/rows.ts'
import { ADMIN_TOKEN, shareService, startService } from '../support/service.ts'

/** Nothing works anything off: a list shows what a test has put there. */
const settings = { ROLE: 'web' }
const anyService = shareService({ settings })
const JSON_TYPE = { 'content-type': 'application/json' }
const PAGED = ['/v1/decisions', '/v1/events', '/v1/rules', '/v1/departments'] as const

test('without a valid token nothing is told', async (t) => {
  const { url } = await anyService(t)
  const headers = [
    '',
    'Bearer wrong-token-of-the-tests',
    'Basic YWRtaW46YWRtaW4=',
    'Bearer',
    'Bearer  ',
    'admin-token-of-the-tests',
  ]
  for (const path of [...PAGED, '/v1/decisions/1', '/v1/events/a', '/v1/rules/german']) {
    for (const authorization of headers) {
      const reply = await fetch(url + path, authorization === '' ? {} : { headers: { authorization } })
      t.equal(reply.status, 401, `${path} with "${authorization}"`)
      t.match(reply.headers.get('www-authenticate'), /^Bearer/)
      t.match(reply.headers.get('content-type'), 'application/problem+json')
      t.match(await reply.json(), {
        type: 'about:blank',
        status: 401,
        title: 'Unauthorized',
        code: 'unauthorized',
        detail: /Bearer <token>/,
      })
    }
  }
  const good = await fetch(`${url}/v1/rules`, { headers: { authorization: `bearer ${ADMIN_TOKEN}` } })
  t.equal(good.status, 200, "the scheme's name may be in any case")
})

test('decisions can be filtered by outcome, rule, department, chat and time, and by several at once', async (t) => {
  const service = await anyService(t)
  const outcomes = ['pending', 'applied', 'unchanged', 'no_match', 'skipped', 'shadow', 'rejected', 'failed']
  const ids = await insertDecisions(service, [
    ...outcomes.map((outcome) => ({ outcome, chatId: 601, decidedAt: '2026-03-01T12:00:00Z' })),
    { rule: 'vip', department: 20, chatId: 602, decidedAt: '2026-03-02T00:00:00Z' },
    { rule: null, department: null, outcome: 'no_match', chatId: 603, decidedAt: '2026-03-03T00:00:00Z' },
  ])
  const found = async (query: string) => {
    const { status, body } = await service.get(`/v1/decisions?limit=100&${query}`)
    return status === 200 ? body.data.map(({ id }: { id: string }) => ids.indexOf(id)) : status
  }
  t.strictSame(await found(''), [9, 8, 7, 6, 5, 4, 3, 2, 1, 0], 'newest first')
  for (const [index, outcome] of outcomes.entries()) {
    t.strictSame(await found(`outcome=${outcome}&chatId=601`), [index], outcome)
  }
  t.strictSame(await found('outcome=no_match'), [9, 3])
  t.strictSame(await found('rule=vip'), [8])
  t.strictSame(await found('rule=unheard-of'), [])
  t.strictSame(await found('department=20'), [8])
  t.strictSame(await found('chatId=603'), [9])
  t.strictSame(await found('from=2026-03-02T00:00:00Z'), [9, 8], 'from is in')
  t.strictSame(await found('from=2026-03-02T00:00:00Z&to=2026-03-03T00:00:00Z'), [8], 'to is out')
  t.strictSame(await found('to=2026-03-01T14:00:00%2B01:00&outcome=failed'), [7], 'in any time zone')
  t.strictSame(await found('chatId=601&rule=vip'), [])
})

test('events can be filtered by status, type and chat, and by several at once', async (t) => {
  const service = await startService(t, { settings })
  const statuses = ['waiting', 'done', 'ignored', 'unreadable', 'set_aside']
  await insertEvents(service, [
    ...statuses.map((status) => ({ id: status, status })),
    { id: 'assigned', type: 'chat.assigned', chatId: 602 },
    { id: 'nobody', type: 'customer.new', chatId: null },
  ])
  const found = async (query: string) => {
    const { body } = await service.get(`/v1/events?limit=100&${query}`)
    return body.data.map(({ id }: { id: string }) => id)
  }
  t.strictSame(await found(''), ['nobody', 'assigned', ...statuses.toReversed()], 'newest first')
  for (const status of statuses) t.strictSame(await found(`status=${status}&type=chat.new`), [status])
  t.strictSame(await found('type=chat.assigned'), ['assigned'])
  t.strictSame(await found('chatId=602'), ['assigned'])
  t.strictSame(await found('chatId=602&type=chat.new'), [])
})

test('what is not there is a 404, as a problem', async (t) => {
  const service = await anyService(t)
  for (const path of [
    '/v1/decisions/999999',
    '/v1/events/unheard-of',
    '/v1/rules/unheard-of',
    '/v1/unheard-of',
    '/unheard-of',
    '/v1',
  ]) {
    const { status, headers, body } = await service.get(path)
    t.match(
      { status, body },
      { status: 404, body: { type: 'about:blank', title: 'Not Found', status: 404, code: 'not_found' } },
      path,
    )
    t.match(headers.get('content-type'), 'application/problem+json')
  }
  t.match(await service.get('/v1/decisions/first'), {
    status: 400,
    body: { code: 'invalid_input', errors: [{ pointer: '/id' }] },
  })
  const posted = await fetch(`${service.url}/v1/unheard-of`, { method: 'POST', body: '{}', headers: JSON_TYPE })
  t.equal(posted.status, 404)
})

test('rules come in the order tried, and each with its version as ETag', async (t) => {
  const service = await startService(t, {
    settings,
    rules: [
      { key: 'b', priority: 500 },
      { key: 'z', priority: 900, status: 'draft' },
      { key: 'a', priority: 500, name: 'First by key' },
      { key: 'c', priority: 1, status: 'disabled' },
    ],
  })
  const { body } = await service.get('/v1/rules')
  t.strictSame(
    body.data.map(({ key }: { key: string }) => key),
    ['z', 'a', 'b', 'c'],
  )
  t.equal(body.nextCursor, null)
  const { status, headers, body: rule } = await service.get('/v1/rules/a')
  t.equal(status, 200)
  t.equal(headers.get('etag'), '"1"')
  t.match(rule, {
    key: 'a',
    name: 'First by key',
    version: 1,
    createdAt: /T.*Z$/,
    updatedAt: rule.createdAt,
    updatedBy: 'import',
  })
})
