import fc from 'fast-check'
import { test } from 'tap'
import { readChat, readChatEvent } from '../../src/domain/chat-snapshot.ts'
import type { JsonObject } from '../../src/domain/json-object.ts'
import type { WebhookEnvelope } from '../../src/domain/webhook-event.ts'

/** A chat as `GET /chats/{id}` and `PUT /chats/department` answer it, but for what the test is about. */
function buildRestChat(overrides: JsonObject = {}): JsonObject {
  return {
    id: 7104233,
    closedBy: null,
    lastCustomerMessageAt: '1760000000',
    status: 'new',
    closedAt: null,
    rating: null,
    createdAt: '1759999990',
    lastMessageAt: '1760000000',
    createdWith: 'widget',
    snoozedUntil: '1760003600.000',
    lastMessageText: 'Hi, my invoice is wrong',
    lastMessageId: 55201,
    applicationId: 12,
    lastCommunicatedAgentId: null,
    agents: [],
    customer: { id: 9011552, name: 'Olena', email: 'olena@example.test', userId: 'acct_118' },
    assignee: null,
    department: { id: 4410, name: 'Billing UA' },
    ...overrides,
  }
}

function buildEnvelope(type: string, eventData: JsonObject): WebhookEnvelope {
  return { id: 'e1', type, createdAt: undefined, attempts: 0, eventData }
}

test('a chat from REST tells everything rules need', async (t) => {
  t.strictSame(readChat(buildRestChat()), {
    status: 'new',
    departmentId: 4410,
    assigneeId: null,
    applicationId: 12,
    customerId: 9011552,
    createdWith: 'widget',
    lastMessageText: 'Hi, my invoice is wrong',
    lastMessageId: 55201,
    createdAt: new Date(1759999990000),
  })
})

test('a chat from a webhook is told by chat_id, and its times have fractions', async (t) => {
  const eventData = {
    chat_id: 7104233,
    communicatedAgents: [],
    customer: { id: 9011552, name: 'Olena', email: 'olena@example.test', userId: 'acct_118' },
    status: 'new',
    createdAt: '1760000000.482',
    applicationId: 12,
    applications: [{ anything: true }],
    department: null,
    assignee: null,
  }
  t.strictSame(readChatEvent(buildEnvelope('chat.new', eventData)), {
    status: 'new',
    departmentId: null,
    assigneeId: null,
    applicationId: 12,
    customerId: 9011552,
    createdAt: new Date(1760000000482),
  })
})

test('what has no id is no chat', async (t) => {
  const errors = { errors: [{ code: 'not_found', message: 'Chat not found' }] }
  for (const value of [null, undefined, 5, 'chat', [], {}, errors, buildRestChat({ id: null })]) {
    t.equal(readChat(value), undefined)
  }
})

test('department and assignee are an object, a number or text; null and 0 tell that there is none', async (t) => {
  for (const told of [{ id: 88, name: 'Ann', role: 'admin' }, { id: '88' }, 88, '88']) {
    t.match(readChat(buildRestChat({ department: told, assignee: told })), { departmentId: 88, assigneeId: 88 })
  }
  for (const none of [null, 0]) {
    const chat = readChat(buildRestChat({ department: none, assignee: none }))
    t.equal(chat?.departmentId, null)
    t.equal(chat?.assigneeId, null)
  }
})

test('a department or assignee that is absent or unreadable is not told', async (t) => {
  for (const untold of [undefined, [], {}, 'Billing', true]) {
    const chat = readChat(buildRestChat({ department: untold, assignee: untold })) ?? {}
    t.notOk('departmentId' in chat)
    t.notOk('assigneeId' in chat)
  }
})

test("HelpCrunch's spellings of a status become one; unknown ones are kept in lower case", async (t) => {
  const statuses = [
    ['on hold', 'on hold'],
    ['on-hold', 'on hold'],
    ['onhold', 'on hold'],
    ['OnHold', 'on hold'],
    ['open', 'opened'],
    ['opened', 'opened'],
    ['no communication', 'no communication'],
    ['empty', 'empty'],
    ['Closed', 'closed'],
    ['Waiting-Room', 'waiting-room'],
  ] as const
  for (const [told, status] of statuses) t.equal(readChat(buildRestChat({ status: told }))?.status, status, told)
})

test('a numeric status is not told: the published tables contradict one another', async (t) => {
  for (const status of [5, '5', '', null, {}]) t.equal(readChat(buildRestChat({ status }))?.status, undefined)
})

test('the last message is kept up to 8,000 characters', async (t) => {
  const chat = readChat(buildRestChat({ lastMessageText: 'x'.repeat(9_000) }))
  t.equal(chat?.lastMessageText?.length, 8_000)
  t.equal(readChat(buildRestChat({ lastMessageText: null }))?.lastMessageText, undefined)
})

test('chat.closed implies the status closed when it tells none', async (t) => {
  t.equal(readChatEvent(buildEnvelope('chat.closed', { chat_id: 1 })).status, 'closed')
  t.equal(readChatEvent(buildEnvelope('chat.closed', { chat_id: 1, status: 'opened' })).status, 'opened')
  t.equal(readChatEvent(buildEnvelope('chat.rated', { chat_id: 1 })).status, undefined)
})

test('a message event tells of its chat only the application and the customer', async (t) => {
  const eventData = {
    chat_id: 7104233,
    agent: null,
    customer: { id: 9011552, name: 'Olena' },
    status: 'ignored: not a field of message events',
    message: { applicationId: 12, id: 55201, createdAt: '1760000000.915', text: 'Hi' },
  }
  const chat = readChatEvent(buildEnvelope('message.chat.customer', eventData))
  t.strictSame(chat, { applicationId: 12, customerId: 9011552 })
  t.strictSame(readChatEvent(buildEnvelope('message.private', { chat_id: 1 })), {})
})

test('reading a chat never throws, whatever JSON arrives', async () => {
  const keys = [
    'department',
    'assignee',
    'customer',
    'status',
    'createdAt',
    'applicationId',
    'lastMessageText',
    'message',
  ]
  const chat = fc.dictionary(fc.constantFrom(...keys), fc.jsonValue())
  fc.assert(
    fc.property(
      fc.jsonValue(),
      chat,
      fc.constantFrom('chat.new', 'chat.closed', 'message.private'),
      (any, part, type) => {
        readChat(any)
        readChat({ id: 1, ...part })
        readChatEvent(buildEnvelope(type, part))
      },
    ),
  )
})
