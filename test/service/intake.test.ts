import { test } from 'tap'
import type { RuleDocument } from '../../src/domain/rule.ts'
import { signBody } from '../../src/sandbox/simulator/sign-body.ts'
import { startSecondApp } from '../support/second-app.ts'
import { type Service, SIGNING_KEY, shareService, startService } from '../support/service.ts'
import { type Answer, envelope, post } from '../support/webhooks.ts'

const BODY_BYTES_MAX = 1_048_576
/** Nothing works anything off. */
const anyService = shareService({ settings: { ROLE: 'web' } })

/** Listens to what customers write, so that every odd text has to be read, compared and recorded. */
const guten: Partial<RuleDocument> = {
  key: 'guten',
  events: ['chat.new', 'message.chat.customer'],
  conditions: { fact: 'message', operator: 'includesText', value: 'guten' },
}

const message = (text: string, chatId: number) =>
  JSON.stringify(
    envelope({ event: 'message.chat.customer', eventData: { chat_id: chatId, message: { text: 'TEXT' } } }),
  ).replace('TEXT', text)

/** Genuine and odd, but events. */
const READABLE: readonly (readonly [string, string])[] = [
  ['a NUL in the text', message('guten \\u0000 Tag', 501)],
  ['half of a surrogate pair in the text', message('guten \\ud83d Tag', 502)],
  ['a number that is too large', message('guten Tag","n":1e400,"a":"', 503)],
  ['keys that reach a prototype', message('guten Tag","__proto__":{"admin":true},"a":"', 504)],
  ['two keys of one name', message('bye","text":"guten Tag', 505)],
  ['a byte order mark', `\uFEFF${message('guten Tag', 506)}`],
  ['spaces and line ends', JSON.stringify(JSON.parse(message('guten Tag', 507)), null, 2)],
  ['a time of the far future', message('guten Tag', 508).replace(/"createdAt":\d+/, '"createdAt":99999999999')],
  ['no time at all', message('guten Tag', 509).replace(/"createdAt":\d+/, '"createdAt":null')],
]

const text = JSON.stringify(envelope({ id: 'ID' }))
const UNREADABLE: readonly (readonly [string, string | Uint8Array<ArrayBuffer>])[] = [
  ['bytes that are no UTF-8', Buffer.from(text.replace('chat.new', 'chat.\u00ff'), 'latin1')],
  ['no JSON', text.slice(1)],
  ['a form', 'event=chat.new&id=1'],
  ['a hundred thousand levels', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
  [
    'a hundred thousand levels in an envelope',
    text.replace('{"chat_id"', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)},{"chat_id"`),
  ],
  ['an empty object', '{}'],
  ['a list', `[${text}]`],
  ['a number', '7'],
  ['a text', '"chat.new"'],
  ['null', 'null'],
  ['nothing', ''],
  ['no id', text.replace('"ID"', 'null')],
  ['an id with a NUL', text.replace('ID', 'a\\u0000b')],
  ['an id of 101 characters', text.replace('ID', 'i'.repeat(101))],
  ['an id beyond the safe integers', text.replace('"ID"', '12345678901234567890')],
  ['an event that is no text', text.replace('"chat.new"', '["chat.new"]')],
  ['an event of two lines', text.replace('chat.new', 'chat\\nnew')],
  ['eventData that is a list', text.replace('"eventData":{', '"eventData":[],"other":{')],
]

async function storedBody({ sql }: Service, where: string, value: unknown): Promise<Buffer | undefined> {
  const [row] = await sql<{ body: Buffer }>(`SELECT body FROM webhook_events WHERE ${where} = $1`, [value])
  return row?.body
}

test('what is genuine and readable, however odd, is accepted, kept as it came, and decided', async (t) => {
  const service = await startService(t, { rules: [guten] })
  for (const [name, body] of READABLE) {
    const { status, body: answer } = await post(service, body)
    t.strictSame([status, answer.status], [202, 'accepted'], name)
    t.strictSame(await storedBody(service, 'id', answer.eventId), Buffer.from(body), `${name}: byte for byte`)
  }
  await service.drained()
  const { body: events } = await service.get('/v1/events?status=done')
  t.equal(events.data.length, READABLE.length)
  const { body: decisions } = await service.get('/v1/decisions?rule=guten')
  t.equal(decisions.data.length, READABLE.length)
  t.equal(Reflect.get({}, 'admin'), undefined)
})

test('what is genuine but no envelope is refused and kept byte for byte', async (t) => {
  const service = await anyService(t)
  for (const [name, body] of UNREADABLE) {
    const answer = await post(service, body)
    t.match(answer, { status: 400, body: { status: 400, code: 'unreadable', title: 'Bad Request' } }, name)
    t.match(answer.headers.get('content-type'), 'application/problem+json', name)
    const eventId = /kept as event (unreadable-[0-9a-f-]+)/.exec(answer.body.detail)?.[1]
    t.strictSame(await storedBody(service, 'id', eventId), Buffer.from(body), `${name}: byte for byte`)
  }
  const { body } = await service.get('/v1/events?status=unreadable&limit=100')
  t.equal(body.data.length, UNREADABLE.length)
  for (const { problem, chatId, decisionId } of body.data)
    t.match({ problem, chatId, decisionId }, { problem: /^the body|^`/, chatId: null, decisionId: null })
})

test('an address that was entered with a slash at its end takes webhooks, too', async (t) => {
  const { url } = await anyService(t)
  const body = JSON.stringify(envelope())
  const headers = { 'content-type': 'application/json', 'x-helpcrunch-signature': signBody(SIGNING_KEY, body) }
  const reply = await fetch(`${url}/webhooks/helpcrunch/`, { method: 'POST', body, headers })
  t.strictSame([reply.status, await reply.json()], [202, { status: 'accepted', eventId: JSON.parse(body).id }])
})

test('an event of an unknown type is ignored, and kept', async (t) => {
  const service = await anyService(t)
  const unknown = envelope({ event: 'chat.department_changed', eventData: {} })
  t.match(await post(service, unknown), { status: 202, body: { status: 'ignored', eventId: unknown.id } })
  t.match(await post(service, unknown), { status: 202, body: { status: 'duplicate', eventId: unknown.id } })
  const { body } = await service.get(`/v1/events/${unknown.id}`)
  t.match(body, { status: 'ignored', type: 'chat.department_changed', body: JSON.stringify(unknown) })
})

test('an event of a known type that does not say whom it is about is accepted and set aside', async (t) => {
  const service = await anyService(t)
  const nameless = envelope({ eventData: { status: 'new' } })
  t.match(await post(service, nameless), { status: 202, body: { status: 'accepted', eventId: nameless.id } })
  const { body } = await service.get(`/v1/events/${nameless.id}`)
  t.match(body, { status: 'set_aside', problem: 'eventData has no positive whole number in `chat_id` or `id`' })
})

test('a body may be as large as 1 MiB, and not a byte more', async (t) => {
  const service = await anyService(t)
  const padded = (bytes: number) => {
    const event = JSON.stringify(envelope({ padding: '' }))
    return event.replace('"padding":""', `"padding":"${'x'.repeat(bytes - event.length)}"`)
  }
  for (const bytes of [BODY_BYTES_MAX - 1, BODY_BYTES_MAX]) {
    t.match(await post(service, padded(bytes)), { status: 202, body: { status: 'accepted' } }, `${bytes} bytes`)
  }
  for (const bytes of [BODY_BYTES_MAX + 1, 2 * BODY_BYTES_MAX]) {
    t.match(await post(service, padded(bytes)), { status: 413, body: { code: 'body_too_large' } }, `${bytes} bytes`)
  }
  t.match(await service.sql('SELECT count(*)::int FROM webhook_events WHERE length(body) > 1000000'), [{ count: 2 }])
})

test('only JSON is taken, whatever its charset parameter', async (t) => {
  const service = await anyService(t)
  const typed = (type: string) => post(service, envelope(), { 'content-type': type })
  for (const type of ['application/json; charset=utf-8', 'Application/JSON'])
    t.match(await typed(type), { status: 202 }, type)
  for (const type of ['text/json', 'application/jsonp', 'application/vnd.api+json', '*/*', 'json']) {
    t.match(await typed(type), { status: 415, body: { code: 'not_json' } }, type)
  }
  const reply = await fetch(`${service.url}/webhooks/helpcrunch`)
  t.equal(reply.status, 404, 'and nothing but POST')
})

/** As HelpCrunch may do: a busy machine answers 503 when it takes too long, and then nobody knows whether it is stored. */
async function postUntilStored(service: Pick<Service, 'url'>, event: object): Promise<Answer> {
  for (;;) {
    const answer = await post(service, event)
    if (answer.status !== 503) return answer
  }
}

test('of many copies of one event, exactly one is accepted, and decided once', async (t) => {
  const service = await startService(t)
  service.simulator.webhooks.sendTo(`${service.url}/webhooks/helpcrunch`, []) // only what is handmade here
  const { id: chatId } = service.simulator.openChat({ customerId: 9011 })
  const replica = await startSecondApp(t, service)
  const state = { status: 'new', department: null, assignee: null }
  const once = envelope({ eventData: { chat_id: chatId, customer: { id: 9011 }, ...state } })
  const copies = Array.from({ length: 60 }, (_, attempts) =>
    postUntilStored(attempts % 2 ? service : replica, { ...once, attempts }),
  )
  t.strictSame(tally(await Promise.all(copies)), { '202 accepted': 1, '202 duplicate': 59 })
  await service.drained()
  const [rows] = await service.sql(
    `SELECT count(DISTINCT e.seq)::int AS events, count(d.id)::int AS decisions, max(e.starts) AS starts
    FROM webhook_events e LEFT JOIN decisions d ON d.event_seq = e.seq`,
  )
  t.strictSame(rows, { events: 1, decisions: 1, starts: 1 })
  t.equal(service.simulator.calls.departmentPuts(chatId).length, 1)
})

// Many events, each in copies on every replica, are P4 of the chaos suite.

function tally(answers: readonly Answer[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { status, body } of answers) {
    const name = `${status} ${body.status}`
    counts[name] = (counts[name] ?? 0) + 1
  }
  return counts
}
