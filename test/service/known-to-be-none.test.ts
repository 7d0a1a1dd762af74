import { test } from 'tap'
import { postJson } from '../support/post-json.ts'
import { rule } from '../support/rules.ts'
import { startService } from '../support/service.ts'
import { envelope, post } from '../support/webhooks.ts'

const free = rule({
  key: 'free',
  conditions: {
    all: [
      { fact: 'assignee', operator: 'missing' },
      { fact: 'department', operator: 'missing' },
    ],
  },
})
const chatCalls = { method: 'GET', path: '/v1/chats/{id}' }

test('that nobody has taken a chat is not asked for where the webhook says so', async (t) => {
  const service = await startService(t, { rules: [free] })
  const { simulator, drained, get } = service
  simulator.openChat({ customerId: 9011 })
  await drained()
  const [{ id }] = (await get('/v1/decisions')).body.data
  const { body } = await get(`/v1/decisions/${id}`)
  t.match(body, { outcome: 'applied', rule: { key: 'free' } })
  t.equal(simulator.calls.count(chatCalls), 0)

  t.notOk('assignee' in body.facts || Object.values(body.facts).includes(null), 'what is known not to exist is no fact')
  const said = {
    all: [
      { fact: 'assignee', actual: null, result: 'match' },
      { fact: 'department', result: 'match' },
    ],
  }
  t.match(body.explanation, [{ rule: 'free', result: 'match', conditions: said }])
  const { body: again } = await postJson(service, '/v1/simulations', { decisionId: id })
  t.match(again, { decision: { outcome: 'pending', rule: { key: 'free' } }, explanation: [{ conditions: said }] })
  t.strictSame(again.facts, body.facts)
  const { body: made } = await postJson(service, `/v1/decisions/${id}/test`, {})
  t.match(made, { rule: 'free', test: { facts: {}, expect: 'match' } })
  const { data: facts } = (await get('/v1/facts?limit=100')).body
  t.match(
    facts.find(({ name }: { name: string }) => name === 'assignee'),
    { values: [] },
  )
})

test('it is asked for where the webhook is silent about it', async (t) => {
  const silent = { switches: { emptyRelations: 'absent' } } as const
  const { simulator, drained, get } = await startService(t, { rules: [free], simulator: silent })
  simulator.openChat({ customerId: 9011 })
  await drained()
  t.match((await get('/v1/decisions')).body.data, [{ outcome: 'applied', rule: { key: 'free' } }])
  t.equal(simulator.calls.count(chatCalls), 1)
})

test('it is asked for where the webhook was late, or HelpCrunch had to send it again', async (t) => {
  const german = rule({ priority: 100, department: 20 })
  const service = await startService(t, { rules: [free, german], settings: { LEAVE_ASSIGNED: 'false' } })
  const { simulator, drained, get } = service
  simulator.webhooks.sendTo([])
  const late = { createdAt: Math.floor(Date.now() / 1_000) - 60 }
  for (const how of [late, { attempts: 1 }]) {
    const { id } = simulator.openChat({ customerId: 9011 })
    simulator.agentTakesChat(id, 88)
    const eventData = { chat_id: id, customer: { id: 9011 }, status: 'new', department: null, assignee: null }
    await post(service, envelope({ ...how, eventData }))
    await drained()
    const { data } = (await get(`/v1/decisions?chatId=${id}`)).body
    t.match(data, [{ outcome: 'applied', rule: { key: 'german' } }], JSON.stringify(how))
  }
})

test('it is asked for where we have moved the chat, as the webhook may be from before', async (t) => {
  const everyNewChat = rule({ key: 'new', conditions: { fact: 'event', operator: 'equal', value: 'chat.new' } })
  const homeless = rule({ ...free, key: 'homeless', events: ['chat.status_updated'], reroute: true, department: 20 })
  const service = await startService(t, { rules: [everyNewChat, homeless] })
  const { simulator, drained, get } = service
  simulator.webhooks.sendTo([])
  const { id } = simulator.openChat({ customerId: 9011 })
  const eventData = { chat_id: id, customer: { id: 9011 }, status: 'new', department: null, assignee: null }
  for (const event of ['chat.new', 'chat.status_updated']) {
    await post(service, envelope({ event, eventData }))
    await drained()
  }
  t.match((await get('/v1/decisions')).body.data, [{ outcome: 'no_match' }, { outcome: 'applied' }])
  t.equal(simulator.chat(id).departmentId, 10)
})

test('that a customer has no e-mail address is not asked for where the webhook says so', async (t) => {
  const nameless = rule({ conditions: { all: ['email', 'userId'].map((fact) => ({ fact, operator: 'missing' })) } })
  const service = await startService(t, { rules: [nameless] })
  const { simulator, drained, get } = service
  simulator.webhooks.sendTo([])
  const { id } = simulator.openChat({ customerId: 9011 })
  const eventData = { chat_id: id, customer: { id: 9011, email: null, userId: null }, status: 'new', assignee: null }
  await post(service, envelope({ eventData }))
  await drained()
  t.match((await get('/v1/decisions')).body.data, [{ outcome: 'applied' }])
  t.equal(simulator.calls.count({ method: 'GET', path: '/v1/customers/{id}' }), 0)
})

test('what an earlier event of a customer did not have is asked for: it may have become known since', async (t) => {
  const service = await startService(t)
  const { simulator, drained, get } = service
  const { id } = simulator.addCustomer({ locale: 'de' })
  const eventData = { id, name: 'Mia', locale: null, location: { countryCode: null }, customData: [] }
  await post(service, envelope({ event: 'customer.new', eventData }))
  await drained()
  simulator.webhooks.sendTo(`${service.url}/webhooks/helpcrunch`, ['chat.new'])
  simulator.openChat({ customerId: id })
  await drained()
  t.match((await get('/v1/decisions')).body.data, [{ outcome: 'applied', rule: { key: 'german' } }])
})

test('a message too short to have a language is no reason to ask for another one', async (t) => {
  const english = rule({
    key: 'english',
    events: ['message.chat.customer'],
    conditions: { fact: 'messageLanguage', operator: 'equal', value: 'en' },
  })
  const settings = { ROUTER_MODE: 'shadow' }
  const service = await startService(t, { rules: [english], settings })
  const { simulator, drained, get } = service
  simulator.webhooks.sendTo(`${service.url}/webhooks/helpcrunch`, ['message.chat.customer'])
  simulator.openChat({ customerId: 9011, text: 'hi' })
  await drained()
  t.match((await get('/v1/decisions')).body.data, [{ eventType: 'message.chat.customer', outcome: 'no_match' }])
  t.equal(simulator.calls.count(chatCalls), 0)
})
