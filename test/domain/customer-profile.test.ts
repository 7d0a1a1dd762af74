import fc from 'fast-check'
import { test } from 'tap'
import { Value } from 'typebox/value'
import {
  CustomerProfile,
  learnFromChatEvent,
  learnFromCustomerEvent,
  learnFromLateCustomerEvent,
  readCustomer,
} from '../../src/domain/customer-profile.ts'
import type { JsonObject } from '../../src/domain/json-object.ts'
import { CUSTOMER_EVENTS, type WebhookEnvelope } from '../../src/domain/webhook-event.ts'

/** A customer as `GET /customers/{id}` answers it, but for what the test is about. */
function buildRestCustomer(overrides: JsonObject = {}): JsonObject {
  return {
    id: 9011552,
    name: 'Olena',
    email: 'olena@example.test',
    userId: 'acct_118',
    company: 'Example GmbH',
    phone: null,
    firstSeen: '1603885746',
    location: { regionCode: '9', countryCode: 'AT', city: 'Vienna' },
    device: { id: 'd1', ip: '192.0.2.1', platform: 'desktop' },
    unsubscribed: false,
    blocked: false,
    source: 'google',
    locale: 'de-AT',
    createdFrom: 'telegram',
    tags: [{ name: 'vip', color: '#ff0000' }],
    customData: { plan: 'Scale (yearly)', seats: 14, trial: false },
    ...overrides,
  }
}

/** A customer event with the fields that HelpCrunch documents, but for what the test is about. */
function buildCustomerEvent(type: string, overrides: JsonObject = {}): WebhookEnvelope {
  const customer = { id: 9011552, name: 'Olena', userId: 'acct_118', email: 'olena@example.test', unsubscribed: false }
  return buildEnvelope(type, { ...customer, customData: { plan: 'Scale' }, ...overrides })
}

function buildEnvelope(type: string, eventData: JsonObject): WebhookEnvelope {
  return { id: 'e1', type, createdAt: undefined, attempts: 0, eventData }
}

test('a customer from REST tells everything rules need', async (t) => {
  t.strictSame(readCustomer(buildRestCustomer()), {
    name: 'Olena',
    email: 'olena@example.test',
    userId: 'acct_118',
    company: 'Example GmbH',
    locale: 'de-AT',
    countryCode: 'AT',
    city: 'Vienna',
    platform: 'desktop',
    source: 'google',
    createdFrom: 'telegram',
    blocked: false,
    unsubscribed: false,
    tags: ['vip'],
    custom: { plan: 'Scale (yearly)', seats: 14, trial: false },
  })
})

test('what has no id is no customer', async (t) => {
  const errors = { errors: [{ code: 'not_found', message: 'Chat not found' }] }
  for (const value of [null, undefined, 5, 'x', [], {}, errors]) t.equal(readCustomer(value), undefined)
})

test('null tells that there is none; an absent field tells nothing', async (t) => {
  const nothing = {
    name: null,
    email: null,
    userId: null,
    company: null,
    locale: null,
    source: null,
    createdFrom: null,
  }
  t.strictSame(readCustomer({ id: 9011552, ...nothing }), { ...nothing, tags: [] })
  t.strictSame(readCustomer({ id: 9011552 }), { tags: [] })
  t.strictSame(readCustomer({ id: 9011552, location: null, device: [] }), { tags: [] })
})

test('a customer whose tags are absent, null or empty has none', async (t) => {
  for (const tags of [undefined, null, []]) t.strictSame(readCustomer(buildRestCustomer({ tags }))?.tags, [])
})

test('tags are their trimmed names, each once; what has no name is left out', async (t) => {
  const tags = [{ name: ' vip ' }, { name: 'vip' }, 'b2b', { color: '#fff' }, null, { name: '' }]
  t.strictSame(readCustomer(buildRestCustomer({ tags }))?.tags, ['vip', 'b2b'])
})

test('tags in a form that nobody knows are not told: the customer may have any', async (t) => {
  for (const tags of [{ 0: { name: 'vip' } }, 'vip', [{ id: 3, title: 'vip' }], [['vip']], [null]]) {
    t.equal(readCustomer(buildRestCustomer({ tags }))?.tags, undefined, JSON.stringify(tags))
  }
})

test('customData is a map, an empty list, a list of pairs, or null', async (t) => {
  const pairs = [{ property: 'plan', value: 'Scale' }, { property: 'seats', value: 14 }, null, { value: 'no name' }]
  t.strictSame(readCustomer(buildRestCustomer({ customData: { plan: 'Scale' } }))?.custom, { plan: 'Scale' })
  t.strictSame(readCustomer(buildRestCustomer({ customData: pairs }))?.custom, { plan: 'Scale', seats: 14 })
  const named = pairs.map((pair) => pair && { name: pair.property, value: pair.value })
  t.strictSame(readCustomer(buildRestCustomer({ customData: named }))?.custom, { plan: 'Scale', seats: 14 })
  t.strictSame(readCustomer(buildRestCustomer({ customData: [] }))?.custom, {})
  t.strictSame(readCustomer(buildRestCustomer({ customData: null }))?.custom, {})
  for (const untold of [undefined, 'plan', 5]) {
    t.equal(readCustomer(buildRestCustomer({ customData: untold }))?.custom, undefined)
  }
})

test('an attribute may be a list: of its texts, trimmed, and its numbers', async (t) => {
  const customData = { products: [' desk ', 7, null, { a: 1 }, ''] }
  t.strictSame(readCustomer(buildRestCustomer({ customData }))?.custom, { products: ['desk', 7] })
})

test('attribute names are trimmed; values that are objects, null, blank or empty lists are left out', async (t) => {
  const customData = {
    ' plan ': ' Scale ',
    list: [],
    objects: [{ a: 1 }],
    nested: { a: 1 },
    none: null,
    blank: ' ',
    '  ': 'no name',
  }
  t.strictSame(readCustomer(buildRestCustomer({ customData }))?.custom, { plan: 'Scale' })
})

test('an attribute cannot become a prototype, nor an infinite number', async (t) => {
  const customData: unknown = JSON.parse('{"__proto__":"x","constructor":"y","seats":1e400}')
  const custom = readCustomer(buildRestCustomer({ customData }))?.custom ?? {}
  t.strictSame(Object.entries(custom), [['constructor', 'y']])
})

test('a customer event is laid over what was known, its customData whole', async (t) => {
  const known = { name: 'O.', locale: 'uk', tags: ['vip'], custom: { plan: 'Free', seats: 2 } }
  for (const type of ['customer.new', 'customer.email_updated']) {
    t.strictSame(learnFromCustomerEvent(known, buildCustomerEvent(type, { email: null })), {
      name: 'Olena',
      email: null,
      userId: 'acct_118',
      unsubscribed: false,
      locale: 'uk',
      tags: ['vip'],
      custom: { plan: 'Scale' },
    })
  }
})

test('a customer event without customData leaves the known attributes', async (t) => {
  const event = buildCustomerEvent('customer.email_updated', { customData: undefined })
  t.strictSame(learnFromCustomerEvent({ custom: { seats: 2 } }, event).custom, { seats: 2 })
})

test('after customer.tags_changed the tags are unknown, unless the event carries them', async (t) => {
  const known = { locale: 'uk', tags: ['vip'] }
  const changed = learnFromCustomerEvent(known, buildCustomerEvent('customer.tags_changed'))
  t.notOk('tags' in changed)
  t.equal(changed.locale, 'uk')
  const carrying = buildCustomerEvent('customer.tags_changed', { tags: [{ name: 'b2b' }] })
  t.strictSame(learnFromCustomerEvent(known, carrying).tags, ['b2b'])
})

test('an event that comes late tells nothing, but that the tags or the block have changed', async (t) => {
  const known = { locale: 'uk', email: 'new@example.test', tags: ['vip'], blocked: false }
  const late = { email: 'old@example.test', tags: [{ name: 'b2b' }] }
  t.equal(learnFromLateCustomerEvent(known, buildCustomerEvent('customer.email_updated', late)), undefined)
  const changed = learnFromLateCustomerEvent(known, buildCustomerEvent('customer.tags_changed', late))
  t.strictSame(changed, { locale: 'uk', email: 'new@example.test', blocked: false })
  for (const type of ['customer.blocked', 'customer.unblocked']) {
    const learned = learnFromLateCustomerEvent(known, buildCustomerEvent(type, late))
    t.strictSame(learned, { locale: 'uk', email: 'new@example.test' }, type)
  }
  t.equal(learnFromLateCustomerEvent(known, buildCustomerEvent('customer.subscribed', late)), undefined)
})

test('an event about a flag sets it, whatever its payload still says', async (t) => {
  const flags: readonly (readonly [string, CustomerProfile])[] = [
    ['customer.blocked', { blocked: true }],
    ['customer.unblocked', { blocked: false }],
    ['customer.unsubscribed', { unsubscribed: true }],
    ['customer.subscribed', { unsubscribed: false }],
  ]
  for (const [type, flag] of flags) {
    const opposite = { blocked: type !== 'customer.blocked', unsubscribed: type !== 'customer.unsubscribed' }
    t.match(learnFromCustomerEvent(opposite, buildCustomerEvent(type, opposite)), flag, type)
  }
})

test('nothing is known of a deleted customer', async (t) => {
  t.strictSame(learnFromCustomerEvent({ locale: 'uk' }, buildCustomerEvent('customer.deleted')), {})
})

test('a chat event tells name, email and userId of its customer, and nothing else', async (t) => {
  const customer = { id: 9011552, name: 'Olena', email: null, locale: 'uk' }
  t.strictSame(learnFromChatEvent(buildEnvelope('chat.new', { chat_id: 1, customer })), { name: 'Olena', email: null })
  for (const untold of [undefined, null, 9011552, []]) {
    t.strictSame(learnFromChatEvent(buildEnvelope('chat.new', { chat_id: 1, customer: untold })), {})
  }
})

test('whatever JSON arrives, what is learned fits the schema and survives being stored', async () => {
  const keys = [
    'id',
    'name',
    'email',
    'tags',
    'customData',
    'location',
    'device',
    'blocked',
    'unsubscribed',
    'customer',
  ]
  const pairs = fc.array(fc.record({ property: fc.jsonValue(), value: fc.jsonValue() }))
  const data = fc.dictionary(fc.constantFrom(...keys), fc.oneof(fc.jsonValue(), pairs))
  fc.assert(
    fc.property(data, fc.constantFrom(...CUSTOMER_EVENTS), (eventData, type) => {
      const event = buildEnvelope(type, eventData)
      const profiles = [readCustomer(eventData) ?? {}, learnFromCustomerEvent({}, event), learnFromChatEvent(event)]
      for (const profile of profiles) {
        const stored: unknown = JSON.parse(JSON.stringify(profile))
        if (!Value.Check(CustomerProfile, stored)) throw new Error(JSON.stringify(profile))
      }
    }),
  )
})
