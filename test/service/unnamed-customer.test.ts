import { type Test, test } from 'tap'
import type { RuleDocument } from '../../src/domain/rule.ts'
import type { CallFilter } from '../../src/sandbox/simulator/calls.ts'
import { rule } from '../support/rules.ts'
import { type Service, startService } from '../support/service.ts'
import { envelope, post } from '../support/webhooks.ts'

const scale = rule({
  key: 'scale',
  priority: 900,
  conditions: {
    all: [
      { fact: 'plan', operator: 'equal', value: 'scale' },
      { fact: 'tags', operator: 'contains', value: 'vip' },
    ],
  },
  department: 20,
})
const german = rule({ priority: 500 })
const SCALE = { locale: 'uk', tags: ['VIP'], customData: { plan: 'Scale' } }

const startUnnamed = (t: Test, rules: readonly Partial<RuleDocument>[] = [scale, german]) =>
  startService(t, { rules, simulator: { switches: { webhookCustomer: 'absent' } } })

const CHAT: CallFilter = { method: 'GET', path: '/v1/chats/{id}' }
const CUSTOMER: CallFilter = { method: 'GET', path: '/v1/customers/{id}' }
const lookUps = ({ simulator: { calls } }: Service) => ({ chat: calls.count(CHAT), customer: calls.count(CUSTOMER) })

test('a customer whom the webhook does not name is learnt from the chat', async (t) => {
  const service = await startUnnamed(t)
  const { simulator, drained, get } = service
  const { id: customerId } = simulator.addCustomer(SCALE)
  simulator.openChat({ customerId })
  await drained()
  t.match((await get('/v1/decisions')).body.data, [{ outcome: 'applied', rule: { key: 'scale' }, customerId }])
  t.strictSame(lookUps(service), { chat: 1, customer: 1 })
  t.equal(simulator.calls.count({}), 3, 'and the chat is not looked at again before its move')
})

test('what is known of the customer is not asked for again', async (t) => {
  const service = await startUnnamed(t)
  const { simulator, drained, get } = service
  const { id: customerId } = simulator.addCustomer(SCALE)
  for (let chat = 0; chat < 2; chat++) {
    simulator.openChat({ customerId })
    await drained()
  }
  t.match((await get('/v1/decisions?rule=scale')).body.data, [{ outcome: 'applied' }, { outcome: 'applied' }])
  t.strictSame(lookUps(service), { chat: 2, customer: 1 })
})

test('later events of the chat know the customer as well', async (t) => {
  const later = rule({ ...scale, key: 'later', events: ['chat.rated'], department: 30, reroute: true })
  const service = await startUnnamed(t, [scale, later])
  const { simulator, drained, get } = service
  const { id } = simulator.openChat({ customerId: simulator.addCustomer(SCALE).id })
  await drained()
  simulator.rateChat(id, 'great')
  await drained()
  t.match((await get('/v1/decisions')).body.data, [{ rule: { key: 'later' } }, { rule: { key: 'scale' } }])
  t.strictSame(lookUps(service), { chat: 1, customer: 1 })
})

test('nobody is asked whose customer a chat is where no rule needs the customer', async (t) => {
  const everyChat = rule({ key: 'every', conditions: { fact: 'event', operator: 'equal', value: 'chat.new' } })
  const service = await startUnnamed(t, [{ ...scale, status: 'shadow' }, everyChat])
  const { simulator, drained, get } = service
  simulator.openChat({ customerId: 9011 })
  await drained()
  t.strictSame(lookUps(service), { chat: 0, customer: 0 })
  const [{ id }] = (await get('/v1/decisions')).body.data
  t.match((await get(`/v1/decisions/${id}`)).body, {
    outcome: 'applied',
    explanation: [{ rule: 'scale', why: 'plan and tags were not looked up.' }, { rule: 'every' }],
  })
})

test('a chat that has no customer is asked for once, and its customer is unknown', async (t) => {
  const service = await startUnnamed(t, [german])
  const { simulator, drained, get } = service
  const { id: chatId } = simulator.openChat({ customerId: 9011 })
  await drained()
  simulator.script({ path: `/v1/chats/${chatId + 1000}` }, [
    { kind: 'wrong_body', body: { id: chatId + 1000, status: 'new', department: null, assignee: null } },
  ])
  await post(service, envelope({ eventData: { chat_id: chatId + 1000 } }))
  await drained()
  const [{ id }] = (await get(`/v1/decisions?chatId=${chatId + 1000}`)).body.data
  t.match((await get(`/v1/decisions/${id}`)).body, {
    outcome: 'no_match',
    customerId: null,
    explanation: [{ why: 'language is unknown.' }],
  })
  t.strictSame(lookUps(service), { chat: 2, customer: 1 })
})
