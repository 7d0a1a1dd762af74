import { type Test, test } from 'tap'
import type { RuleDocument } from '../../src/domain/rule.ts'
import type { SimulatorSwitches } from '../../src/sandbox/simulator/switches.ts'
import { type Service, startService } from '../support/service.ts'
import { envelope, post } from '../support/webhooks.ts'

/** Each asks for something else that HelpCrunch tells in more than one form. */
const rules: readonly Partial<RuleDocument>[] = [
  { key: 'scale', priority: 900, conditions: { fact: 'plan', operator: 'equal', value: 'scale' }, department: 20 },
  { key: 'vip', priority: 800, conditions: { fact: 'tags', operator: 'contains', value: 'vip' }, department: 30 },
  {
    key: 'invoice',
    priority: 700,
    events: ['message.chat.customer'],
    conditions: { fact: 'message', operator: 'includesWord', value: 'рахунок' },
    department: 40,
    reroute: true,
  },
  { key: 'german', priority: 500 },
]
const settings = { HELPCRUNCH_REQUESTS_PER_MINUTE: '10000' }
const start = (t: Test) =>
  startService(t, { rules, settings, simulator: { switches: { rateLimitPerMinute: 100_000 } } })

/** How an event of a chat was decided: the outcome, the rule, and where the chat went. */
async function decided({ get }: Service, chatId: number, type = 'chat.new'): Promise<string> {
  const { body } = await get(`/v1/decisions?chatId=${chatId}`)
  const decision = body.data.find(({ eventType }: { eventType: string }) => eventType === type)
  return decision ? `${decision.outcome} ${decision.rule?.key ?? null} ${decision.department.to}` : 'nothing'
}

/** A chat in the account of which the service has heard nothing yet. */
function unheardChat({ simulator, url }: Service, customerId: number): number {
  simulator.webhooks.sendTo(`${url}/webhooks/helpcrunch`, [])
  return simulator.openChat({ customerId, text: 'Hello' }).id
}

const UNASSIGNED = { status: 'new', department: null, assignee: null }
const SECONDS = Math.floor(Date.now() / 1_000)

/** The same new chat in every form that a webhook has been met in, or might be. */
const FORMS: readonly (readonly [string, (chatId: number) => Record<string, unknown>])[] = [
  ['`chat_id` only', (chatId) => ({ eventData: { chat_id: chatId, customer: { id: 9011 } } })],
  ['`id` only', (chatId) => ({ eventData: { id: chatId, customer: { id: 9011 } } })],
  ['both', (chatId) => ({ eventData: { chat_id: chatId, id: 1, customer: { id: 9011 } } })],
  ['ids as text', (chatId) => ({ eventData: { chat_id: String(chatId), customer: { id: '9011' } } })],
  ['a customer that is only its id', (chatId) => ({ eventData: { chat_id: chatId, customer: 9011 } })],
  ['eventData as text', (chatId) => ({ eventData: JSON.stringify({ chat_id: chatId, customer: { id: 9011 } }) })],
  [
    'an envelope id that is a number',
    (chatId) => ({ id: chatId, eventData: { chat_id: chatId, customer: { id: 9011 } } }),
  ],
  ...[SECONDS, String(SECONDS), `${SECONDS}.713`, `${SECONDS}.000`, new Date(SECONDS * 1_000).toISOString()].map(
    (createdAt) =>
      [
        `the time ${JSON.stringify(createdAt)}`,
        (chatId: number) => ({
          createdAt,
          eventData: { chat_id: chatId, customer: { id: 9011 }, ...UNASSIGNED, createdAt },
        }),
      ] as const,
  ),
  [
    'fields that nobody has heard of, everywhere',
    (chatId) => ({
      version: 2,
      eventData: {
        chat_id: chatId,
        customer: { id: 9011, rank: [1] },
        ...UNASSIGNED,
        links: { self: null },
        department: { id: null, new: 1 },
      },
    }),
  ],
  [
    'department and assignee 0',
    (chatId) => ({ eventData: { chat_id: chatId, customer: { id: 9011 }, ...UNASSIGNED, department: 0, assignee: 0 } }),
  ],
  [
    'hardly anything',
    (chatId) => ({
      attempts: undefined,
      lastAttemptAt: undefined,
      createdAt: undefined,
      eventData: { chat_id: chatId, customer: { id: 9011 } },
    }),
  ],
]

test('a new chat is read in every form', async (t) => {
  const service = await start(t)
  const chatIds = FORMS.map(() => unheardChat(service, 9011))
  for (const [index, [name, form]] of FORMS.entries()) {
    const chatId = chatIds[index] ?? 0
    t.match(await post(service, envelope(form(chatId))), { status: 202, body: { status: 'accepted' } }, name)
  }
  await service.drained()
  for (const [index, [name]] of FORMS.entries()) {
    const chatId = chatIds[index] ?? 0
    t.equal(await decided(service, chatId), 'applied vip 30', name)
    t.equal(service.simulator.chat(chatId).departmentId, 30, name)
  }
})

/** What nobody outside knows about HelpCrunch, one way and the other. */
const SWITCHES: readonly Partial<SimulatorSwitches>[] = [
  { errorDialect: 'old' },
  { timestamps: 'integers' },
  { extraReplyFields: 'present' },
  { extraRequestFields: 'refused' },
  { customData: 'map_or_empty_list' },
  { customData: 'pairs' },
  { locales: 'language_only' },
  { createdWith: null },
  { chatIdKey: 'chat_id_and_id' },
  { webhookIds: 'text' },
  { eventDataAs: 'text' },
  { eventDataAs: 'text', webhookIds: 'text', extraWebhookFields: 'present' },
  { webhookCustomer: 'absent' },
  { chatApplications: 'list' },
  { emptyRelations: 'absent' },
  { extraWebhookFields: 'present' },
  { attemptsBase: 1 },
  { duplicates: 2 },
  { webhookOrder: 'reversed' },
  { techMessageOnDepartmentChange: 'written' },
  { helpBot: 'greets' },
]

test('a chat is applied whatever HelpCrunch turns out to be like', async (t) => {
  const service = await start(t)
  const { simulator } = service
  const usual = { ...simulator.switches }
  for (const switches of SWITCHES) {
    Object.assign(simulator.switches, usual, switches)
    const german = simulator.addCustomer({ locale: 'de-AT', email: 'olena@example.test' })
    const paying = simulator.addCustomer({ locale: 'de', tags: ['VIP '], customData: { seats: 14, PLAN: ' Scale ' } })
    const [plain, scale] = [german, paying].map(({ id }) => simulator.openChat({ customerId: id, text: 'Hello' }).id)
    await service.drained()
    const name = JSON.stringify(switches)
    t.equal(await decided(service, plain ?? 0), 'applied german 10', name)
    t.equal(await decided(service, scale ?? 0), 'applied scale 20', name)
  }
})

/** What may follow from a move, a message or the end of a chat. */
const EFFECTS: readonly Partial<SimulatorSwitches>[] = [
  { assigneeOnDepartmentChange: 'cleared' },
  { statusOnDepartmentChange: 'opened' },
  { snoozeOnDepartmentChange: 'ended' },
  { techMessageOnDepartmentChange: 'written' },
  { sameDepartment: 'refused' },
  { closedChatPut: 'refused' },
  { echoesPerPut: 3 },
  { closingUpdatesStatus: 'yes' },
  { messageToClosedChat: 'opens_new_chat' },
  { firstMessageDelayMs: 300 },
  { customerDelayMs: 300 },
  { webhookSuccess: '200_only' },
  { webhookSuccess: '200_only', idOnRetry: 'new' },
]

test('a chat is moved once for each rule whatever follows from its moves, its messages and its end', async (t) => {
  const service = await start(t)
  const { simulator, drained } = service
  const usual = { ...simulator.switches }
  for (const switches of EFFECTS) {
    Object.assign(simulator.switches, usual, switches)
    const { id } = simulator.openChat({ customerId: simulator.addCustomer({ locale: 'de' }).id, text: 'Hello' })
    await drained()
    simulator.sendMessage(id, 'Рахунок?')
    await drained()
    simulator.closeChat(id)
    simulator.sendMessage(id, 'Рахунок!')
    await drained()
    const moves = simulator.calls.departmentPuts(id).map(({ body }) => body)
    const expected = [10, 40].map((department) => ({ id, department }))
    t.strictSame(moves, expected, JSON.stringify(switches))
  }
})

test('a chat that HelpCrunch does not have is refused, whatever the status for it', async (t) => {
  const service = await start(t)
  for (const [chatId, unknownChat] of [[7001, 400] as const, [7002, 404] as const]) {
    service.simulator.switches.unknownChat = unknownChat
    await post(service, envelope({ eventData: { chat_id: chatId, customer: { id: 9011 }, ...UNASSIGNED } }))
    await service.drained()
    const { body } = await service.get(`/v1/decisions?chatId=${chatId}`)
    t.match(body.data, [{ outcome: 'rejected', reason: `http_${unknownChat}` }])
  }
})

test('Ukrainian text, escaped as PHP does it, is the same text', async (t) => {
  const service = await start(t)
  const { simulator } = service
  const customer = simulator.addCustomer({ name: 'Олена' })
  const { id } = simulator.openChat({ customerId: customer.id, text: 'Вітаю! Де мій Рахунок? https://example.test/a' })
  await service.drained()
  t.equal(await decided(service, id, 'message.chat.customer'), 'applied invoice 40')
  const { body } = await service.get(`/v1/decisions?chatId=${id}&rule=invoice`)
  const { body: decision } = await service.get(`/v1/decisions/${body.data[0].id}`)
  t.match(decision.facts, { name: 'Олена', message: 'Вітаю! Де мій Рахунок? https://example.test/a' })
  t.match(simulator.webhooks.sent.at(-1)?.tries[0]?.body, /\\u0420\\u0430\\u0445/, 'it was escaped on the wire')
})
