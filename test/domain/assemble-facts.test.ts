import fc from 'fast-check'
import { test } from 'tap'
import { assembleFacts, type KnownParts, openLookups } from '../../src/domain/assemble-facts.ts'
import { readChat, readChatEvent } from '../../src/domain/chat-snapshot.ts'
import { type CustomerProfile, learnFromCustomerEvent } from '../../src/domain/customer-profile.ts'
import { FACTS, type Facts, findFact, type Lookup } from '../../src/domain/facts.ts'
import type { JsonObject } from '../../src/domain/json-object.ts'
import type { WebhookEnvelope } from '../../src/domain/webhook-event.ts'

function buildEnvelope(overrides: Partial<WebhookEnvelope> = {}): WebhookEnvelope {
  const eventData = { chat_id: 7104233 }
  return { id: 'e1', type: 'chat.new', createdAt: undefined, attempts: 0, eventData, ...overrides }
}

function buildMessage(message: unknown): WebhookEnvelope {
  return buildEnvelope({ type: 'message.chat.customer', eventData: { chat_id: 7104233, message } })
}

/** The facts once all has been asked for, or while these lookups are open. */
function assemble(parts: Partial<KnownParts>, open: readonly Lookup[] = [], planField = 'plan'): Facts {
  return assembleFacts({ envelope: buildEnvelope(), chat: {}, customer: {}, ...parts }, planField, new Set(open))
}

/** The facts of a `chat.new` that tells nothing but its chat, for a customer of whom this is known. */
function factsOf(customer: CustomerProfile, planField = 'plan'): Facts {
  return assemble({ customer }, [], planField)
}

test('everything that is known becomes every fact that rules may talk about', async (t) => {
  const facts = assemble({
    chat: {
      status: 'on hold',
      departmentId: 4410,
      assigneeId: 88,
      applicationId: 12,
      customerId: 9011552,
      createdWith: 'widget',
      lastMessageText: 'Hi, my invoice is wrong',
      createdAt: new Date(0),
    },
    customer: {
      name: 'Olena',
      email: 'olena@Example.Test',
      userId: 'acct_118',
      company: 'Example GmbH',
      locale: 'de-AT',
      countryCode: 'AT',
      city: 'Vienna',
      platform: 'desktop',
      source: 'google',
      createdFrom: 'telegram',
      blocked: false,
      unsubscribed: true,
      tags: ['vip'],
      custom: { plan: 'Pro', seats: 12, trial: false },
    },
  })
  t.strictSame(facts, {
    event: 'chat.new',
    language: 'de',
    locale: 'de-at',
    tags: ['vip'],
    plan: 'Pro',
    country: 'AT',
    city: 'Vienna',
    company: 'Example GmbH',
    email: 'olena@Example.Test',
    emailDomain: 'example.test',
    userId: 'acct_118',
    name: 'Olena',
    platform: 'desktop',
    source: 'google',
    blocked: false,
    unsubscribed: true,
    'custom.plan': 'Pro',
    'custom.seats': 12,
    'custom.trial': false,
    channel: 'telegram',
    application: 12,
    chatStatus: 'on hold',
    department: 4410,
    assignee: 88,
    message: 'Hi, my invoice is wrong',
    messageLanguage: 'en',
  })
  t.strictSame(
    FACTS.filter((fact) => !(fact.name in facts)),
    [],
  )
})

test('what is unknown, and what is known not to exist, is no fact', async (t) => {
  t.strictSame(factsOf({}), { event: 'chat.new' })
  const nobody = { name: null, email: null, locale: null, countryCode: null, city: null, createdFrom: null, custom: {} }
  const chat = { departmentId: null, assigneeId: null }
  t.strictSame(assemble({ chat, customer: nobody }), { event: 'chat.new' })
})

test('what is known not to exist is null while a look-up could be asked for it, so that none is', async (t) => {
  const nobody = { name: null, email: null, locale: null, countryCode: null, custom: {} }
  const chat = { departmentId: null, assigneeId: null }
  const noChat = { department: null, assignee: null }
  const noCustomer = {
    ...{ name: null, email: null, emailDomain: null, locale: null, language: null, country: null },
  }
  t.strictSame(assemble({ chat, customer: nobody }, ['chat']), { event: 'chat.new', ...noChat })
  t.strictSame(assemble({ chat, customer: nobody }, ['customer']), { event: 'chat.new', ...noCustomer })
  t.strictSame(assemble({ chat, customer: nobody }, ['customer', 'chat']), {
    event: 'chat.new',
    ...noChat,
    ...noCustomer,
  })
})

test('what does not follow from something that is there may be told by a look-up', async (t) => {
  const facts = assemble({ customer: { email: 'nobody', locale: 'Deutsch' } }, ['customer'])
  t.strictSame(facts, { event: 'chat.new', email: 'nobody', locale: 'deutsch' })
  t.strictSame(assemble({ chat: { lastMessageText: 'hi' } }, ['chat']), { event: 'chat.new', message: 'hi' })
})

test('a short message has no language, and what it says is no reason to ask for another', async (t) => {
  const facts = assemble({ envelope: buildMessage({ text: 'hi' }) }, ['chat'])
  t.strictSame(facts, { event: 'message.chat.customer', message: 'hi', messageLanguage: null })
  t.strictSame(assemble({ envelope: buildMessage({ text: '' }) }, ['chat']), { event: 'message.chat.customer' })
})

test('a customer without tags has the known value []', async (t) => {
  t.strictSame(factsOf({ tags: [] }), { event: 'chat.new', tags: [] })
})

test('the language is the first part of the locale, both in lower case', async (t) => {
  const locales = [
    ['uk', 'uk', 'uk'],
    ['UK', 'uk', 'uk'],
    ['de-AT', 'de-at', 'de'],
    ['de_CH', 'de-ch', 'de'],
    ['zh-Hans-CN', 'zh-hans-cn', 'zh'],
    ['fil', 'fil', 'fil'],
    ['Deutsch', 'deutsch', undefined],
  ] as const
  for (const [told, locale, language] of locales) {
    const facts = factsOf({ locale: told })
    t.strictSame([facts.locale, facts.language], [locale, language], told)
  }
})

test('the plan is found without regard to case, the exact spelling first', async (t) => {
  t.equal(factsOf({ custom: { Plan: 'Pro' } }).plan, 'Pro')
  t.equal(factsOf({ custom: { plan: 'Pro' } }, 'PLAN').plan, 'Pro')
  t.equal(factsOf({ custom: { PLAN: 'Free', Plan: 'Pro' } }, 'Plan').plan, 'Pro')
  t.equal(factsOf({ custom: { tier: 'Pro' } }).plan, undefined)
  t.equal(factsOf({ custom: { tier: 'Pro' } }, 'tier').plan, 'Pro')
})

test('the plan is text, whatever the type of its attribute', async (t) => {
  t.strictSame(factsOf({ custom: { plan: 3 } }), { event: 'chat.new', plan: '3', 'custom.plan': 3 })
  t.strictSame(factsOf({ custom: { plan: ['a'] } }), { event: 'chat.new', 'custom.plan': ['a'] }, 'a list is none')
})

test('the domain of an e-mail address is what follows its last @', async (t) => {
  t.equal(factsOf({ email: '"a@b"@Example.TEST' }).emailDomain, 'example.test')
  t.equal(factsOf({ email: 'not an address' }).emailDomain, undefined)
})

test('the channel is where the customer was created from, else what the chat was created with', async (t) => {
  const channelOf = (customer: CustomerProfile, open: readonly Lookup[] = []) =>
    assemble({ chat: { createdWith: 'widget' }, customer }, open).channel
  t.equal(channelOf({ createdFrom: 'telegram' }), 'telegram')
  t.equal(channelOf({ createdFrom: null }), 'widget')
  t.equal(channelOf({}), 'widget')
  t.equal(channelOf({}, ['customer']), undefined, 'as long as nobody has asked where the customer is from')
})

test("the event's customer block wins over the profile where it tells something", async (t) => {
  const customer = { id: 9011552, email: null, name: 'Olena' }
  const envelope = buildEnvelope({ eventData: { chat_id: 7104233, customer } })
  const known = { name: 'O.', email: 'old@example.test', userId: 'acct_118' }
  const facts = assemble({ envelope, customer: known })
  t.strictSame(facts, { event: 'chat.new', name: 'Olena', userId: 'acct_118' })
})

test("the message is the event's own text, else the chat's last message", async (t) => {
  const chat = { lastMessageText: 'older' }
  const messageOf = (envelope: WebhookEnvelope) => assemble({ envelope, chat }).message
  t.equal(messageOf(buildMessage({ id: 1, text: ' newest ' })), 'newest')
  t.equal(messageOf(buildMessage({ id: 1, text: null })), 'older')
  t.equal(messageOf(buildEnvelope()), 'older')
})

test('a chat event has no text of its own', async (t) => {
  const envelope = buildEnvelope({ eventData: { chat_id: 7104233, message: { text: 'not documented here' } } })
  t.notOk('message' in assemble({ envelope }))
})

test('the message has at most 8,000 characters', async (t) => {
  const facts = assemble({ envelope: buildMessage({ text: 'x'.repeat(9_000) }) })
  t.equal(facts.message, 'x'.repeat(8_000))
})

test('the language of the message is a fact only when the detector is sure', async (t) => {
  const languageOf = (text: string) => assemble({ envelope: buildMessage({ text }) }).messageLanguage
  t.equal(languageOf('Привіт, мій рахунок неправильний'), 'uk')
  t.equal(languageOf('ok'), undefined)
})

test('whatever JSON arrives, the facts are ones that rules may talk about', async () => {
  const keys = ['customer', 'message', 'customData', 'tags', 'locale', 'email', 'department', 'status', 'device']
  const data = fc.dictionary(fc.constantFrom(...keys), fc.jsonValue())
  const isFact = (value: unknown) =>
    typeof value === 'boolean' ||
    typeof value === 'string' ||
    Number.isFinite(value) ||
    (Array.isArray(value) && value.every((part) => typeof part === 'string' || Number.isFinite(part)))
  fc.assert(
    fc.property(data, fc.constantFrom('chat.new', 'message.chat.customer'), (eventData: JsonObject, type) => {
      const envelope = buildEnvelope({ type, eventData })
      const chat = { ...readChatEvent(envelope), ...readChat({ id: 1, ...eventData }) }
      const facts = assemble({ envelope, chat, customer: learnFromCustomerEvent({}, envelope) })
      return Object.entries(facts).every(([name, value]) => findFact(name) !== undefined && isFact(value))
    }),
  )
})

test('the lookups that were not done are open', async (t) => {
  t.strictSame([...openLookups({ customer: false, chat: false })], ['customer', 'chat'])
  t.strictSame([...openLookups({ customer: true, chat: false })], ['chat'])
  t.strictSame([...openLookups({ customer: false, chat: true })], ['customer'])
  t.strictSame([...openLookups({ customer: true, chat: true })], [])
})
