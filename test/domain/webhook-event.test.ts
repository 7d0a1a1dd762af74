import fc from 'fast-check'
import { test } from 'tap'
import type { JsonObject } from '../../src/domain/json-object.ts'
import {
  CHAT_EVENTS,
  CUSTOMER_EVENTS,
  type EnvelopeReading,
  MESSAGE_EVENTS,
  readEnvelope,
  readSubject,
  type WebhookEnvelope,
} from '../../src/domain/webhook-event.ts'

const EVENT_ID = '0b6f2a52-5c0e-4f0f-9d0b-3c3b3f7a9e11'

/** A whole body as HelpCrunch sends it, but for what the test is about. */
function buildBody(overrides: JsonObject = {}): JsonObject {
  const eventData = { chat_id: 7104233, customer: { id: 9011552, name: 'Olena' }, status: 'new' }
  const times = { attempts: 0, lastAttemptAt: 1760000001, createdAt: 1760000001 }
  return { event: 'chat.new', eventData, ...times, id: EVENT_ID, ...overrides }
}

function buildEnvelope(type: string, eventData: JsonObject): WebhookEnvelope {
  return { id: EVENT_ID, type, createdAt: undefined, attempts: 0, eventData }
}

function envelopeOf(reading: EnvelopeReading): WebhookEnvelope {
  if (reading.kind !== 'envelope') throw new Error(reading.problem)
  return reading.envelope
}

test('an envelope gives id, type, time, attempts and eventData', async (t) => {
  t.strictSame(readEnvelope(buildBody()), {
    kind: 'envelope',
    envelope: {
      id: EVENT_ID,
      type: 'chat.new',
      createdAt: new Date(1760000001000),
      attempts: 0,
      eventData: { chat_id: 7104233, customer: { id: 9011552, name: 'Olena' }, status: 'new' },
    },
  })
})

test('unknown types and unknown extra fields are accepted', async (t) => {
  const { type } = envelopeOf(readEnvelope(buildBody({ event: 'chat.teleported', shard: 3 })))
  t.equal(type, 'chat.teleported')
})

test('a number is taken as the text of the event id', async (t) => {
  t.equal(envelopeOf(readEnvelope(buildBody({ id: 4711 }))).id, '4711')
})

test('a body without a usable event, id or eventData is not an envelope, and the problem says which', async (t) => {
  const cases: readonly (readonly [unknown, RegExp])[] = [
    ...[null, undefined, 5, 'text', [], [buildBody()]].map((body) => [body, /body is not an object/] as const),
    ...[undefined, null, '', 5, {}, 'a\u0000b', 'a\nb', 'x'.repeat(101), '\ud800'].map(
      (event) => [buildBody({ event }), /`event`/] as const,
    ),
    ...[undefined, null, '', {}, true, 1.5, 1e300, 'a\u001fb', 'x'.repeat(101)].map(
      (id) => [buildBody({ id }), /`id`/] as const,
    ),
    ...[undefined, null, 5, [], '', 'text', '[]', 'null', '"{}"', '{"a":'].map(
      (eventData) => [buildBody({ eventData }), /`eventData`/] as const,
    ),
  ]
  for (const [body, problem] of cases) t.match(readEnvelope(body), { kind: 'not_an_envelope', problem })
})

test('event and id may have 100 characters', async (t) => {
  t.equal(readEnvelope(buildBody({ event: 'x'.repeat(100), id: '👍'.repeat(100) })).kind, 'envelope')
})

test('eventData may be text that holds the JSON of an object', async (t) => {
  const { eventData } = envelopeOf(readEnvelope(buildBody({ eventData: '{"chat_id":"7104233","customer":{"id":5}}' })))
  t.strictSame(eventData, { chat_id: '7104233', customer: { id: 5 } })
})

test('eventData from text loses the keys that could reach a prototype, at any depth', async (t) => {
  const text = '{"__proto__":{"a":1},"customer":{"id":5,"constructor":{"prototype":{}},"tags":[{"__proto__":{}}]}}'
  const { eventData } = envelopeOf(readEnvelope(buildBody({ eventData: text })))
  t.equal(JSON.stringify(eventData), '{"customer":{"id":5,"tags":[{}]}}')
})

test('eventData from text may be 32 levels deep; deeper, even beyond the stack, it is refused', async (t) => {
  const nest = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`
  t.equal(readEnvelope(buildBody({ eventData: nest(32) })).kind, 'envelope')
  for (const levels of [33, 100_000]) {
    t.match(readEnvelope(buildBody({ eventData: nest(levels) })), { kind: 'not_an_envelope', problem: /32 levels/ })
  }
})

test('attempts and createdAt may be text, and may be missing or nonsense', async (t) => {
  const asText = envelopeOf(readEnvelope(buildBody({ attempts: '3', createdAt: '1760000001.250' })))
  t.match(asText, { attempts: 3, createdAt: new Date(1760000001250) })
  for (const nonsense of [undefined, null, 'soon', -1, {}, 1e300]) {
    const envelope = envelopeOf(readEnvelope(buildBody({ attempts: nonsense, createdAt: nonsense })))
    t.strictSame([envelope.attempts, envelope.createdAt], [0, undefined], String(nonsense))
  }
})

test('a count of attempts that Postgres cannot keep says nothing', async (t) => {
  t.equal(envelopeOf(readEnvelope(buildBody({ attempts: 2_147_483_647 }))).attempts, 2_147_483_647)
  t.equal(envelopeOf(readEnvelope(buildBody({ attempts: 2_147_483_648 }))).attempts, 0)
})

test('each chat event is about the chat in chat_id, and its customer', async (t) => {
  for (const type of CHAT_EVENTS) {
    const subject = readSubject(buildEnvelope(type, { chat_id: 7104233, id: 1, customer: { id: 9011552 } }))
    t.strictSame(subject, { kind: 'chat', chatId: 7104233, customerId: 9011552 }, type)
  }
})

test('a chat event without chat_id is about the chat in id', async (t) => {
  t.match(readSubject(buildEnvelope('chat.new', { id: 7104233 })), { kind: 'chat', chatId: 7104233 })
  t.match(readSubject(buildEnvelope('chat.new', { chat_id: null, id: 7104233 })), { kind: 'chat', chatId: 7104233 })
})

test('a chat_id that cannot be read does not make id the chat', async (t) => {
  t.match(readSubject(buildEnvelope('chat.new', { chat_id: 'seven', id: 1 })), { kind: 'unusable' })
})

test('ids as text are ids', async (t) => {
  const subject = readSubject(buildEnvelope('chat.new', { chat_id: '7104233', customer: { id: '9011552' } }))
  t.strictSame(subject, { kind: 'chat', chatId: 7104233, customerId: 9011552 })
})

test('a chat event may leave its customer untold', async (t) => {
  for (const customer of [undefined, null, {}, 'Olena']) {
    const subject = readSubject(buildEnvelope('chat.new', { chat_id: 7104233, customer }))
    t.strictSame(subject, { kind: 'chat', chatId: 7104233, customerId: undefined })
  }
})

test('each message event is about the chat in chat_id, else in chat, as an object or an id', async (t) => {
  for (const type of MESSAGE_EVENTS) {
    const told = [{ chat_id: 7104233 }, { chat_id: '7104233' }, { chat: 7104233 }, { chat: { id: 7104233 } }]
    for (const where of told) {
      const subject = readSubject(buildEnvelope(type, { ...where, customer: { id: 9011552 }, message: { id: 55201 } }))
      t.strictSame(subject, { kind: 'chat', chatId: 7104233, customerId: 9011552 }, type)
    }
  }
})

test("a message's own id is never taken for the chat's", async (t) => {
  const subject = readSubject(buildEnvelope('message.chat.customer', { id: 55201, message: { id: 55201 } }))
  t.match(subject, { kind: 'unusable', problem: /`chat_id` or `chat`/ })
})

test('each customer event is about the customer in id', async (t) => {
  for (const type of CUSTOMER_EVENTS) {
    t.strictSame(readSubject(buildEnvelope(type, { id: 9011552 })), { kind: 'customer', customerId: 9011552 }, type)
  }
})

test('an event that does not say whom it is about is unusable, and the problem says what is missing', async (t) => {
  t.match(readSubject(buildEnvelope('chat.new', {})), { kind: 'unusable', problem: /`chat_id` or `id`/ })
  t.match(readSubject(buildEnvelope('customer.new', { id: 0 })), { kind: 'unusable', problem: /`id`/ })
})

test('an event of another type has no subject', async (t) => {
  t.strictSame(readSubject(buildEnvelope('chat.teleported', { chat_id: 1 })), { kind: 'unknown_type' })
})

test('reading never throws, whatever JSON arrives', async () => {
  const types = [...CHAT_EVENTS, ...CUSTOMER_EVENTS, ...MESSAGE_EVENTS]
  const body = fc.record(
    { event: fc.constantFrom(...types), id: fc.string(), eventData: fc.oneof(fc.jsonValue(), fc.json()) },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), body), (value) => {
      const reading = readEnvelope(value)
      if (reading.kind === 'envelope') readSubject(reading.envelope)
    }),
  )
})
