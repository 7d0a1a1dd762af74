import { type Test, test } from 'tap'
import type { RuleDocument } from '../../src/domain/rule.ts'
import { A_MINUTE_LATER } from '../support/budget.ts'
import { rule } from '../support/rules.ts'
import { type Service, startService, until } from '../support/service.ts'
import { envelope, post } from '../support/webhooks.ts'

const rules = [
  rule({ key: 'new', conditions: { fact: 'event', operator: 'equal', value: 'chat.new' } }),
  ...[20, 30].map((department) =>
    rule({
      ...{ key: `to-${department}`, department, reroute: true, events: ['message.chat.customer'] },
      conditions: { fact: 'message', operator: 'equal', value: `to ${department}` },
    }),
  ),
]

const START_S = Math.floor(Date.now() / 1_000) - 10

/** HelpCrunch sends nothing by itself here: each test says what arrives, and when. */
async function startQuietly(t: Test, rules: readonly Partial<RuleDocument>[]): Promise<Service> {
  const service = await startService(t, { rules })
  service.simulator.webhooks.sendTo([])
  return service
}

const opened = rule({
  ...{ key: 'opened', events: ['chat.status_updated'], reroute: true },
  conditions: { fact: 'chatStatus', operator: 'equal', value: 'opened' },
})

/** Says that the chat has been opened in a department. */
async function arriveOpened(service: Service, chatId: number, happenedS: number, departmentId: number): Promise<void> {
  const state = { status: 'opened', department: { id: departmentId }, assignee: null }
  const eventData = { chat_id: chatId, customer: { id: 9011 }, ...state }
  const at = START_S + happenedS
  await post(service, envelope({ event: 'chat.status_updated', eventData, createdAt: at }))
}

/** Sends a webhook about something that happened some seconds after the start, and waits until it is worked off. */
async function arrive(service: Service, chatId: number, happenedS: number, text?: string): Promise<void> {
  const subject = { chat_id: chatId, customer: { id: 9011 } }
  const event =
    text === undefined
      ? { event: 'chat.new', eventData: { ...subject, status: 'new', department: null, assignee: null } }
      : { event: 'message.chat.customer', eventData: { ...subject, message: { id: chatId + happenedS, text } } }
  await post(service, envelope({ ...event, createdAt: START_S + happenedS }))
  await service.drained()
}

test('an event that comes after a newer one was decided does not override it, even by a rule with reroute', async (t) => {
  const service = await startQuietly(t, rules)
  const { id } = service.simulator.openChat({ customerId: 9011 })
  await arrive(service, id, 0)
  await arrive(service, id, 2, 'to 30')
  await arrive(service, id, 1, 'to 20')
  t.equal(service.simulator.chat(id).departmentId, 30)
  const { body } = await service.get('/v1/decisions')
  t.match(body.data[0], { outcome: 'skipped', reason: 'already_routed', department: { to: 20 } })

  await arrive(service, id, 3, 'to 20')
  t.equal(service.simulator.chat(id).departmentId, 20, 'a newer one does')
})

test('an event from a day to come counts as of now, and those after it are not late', async (t) => {
  const service = await startQuietly(t, rules)
  const { id } = service.simulator.openChat({ customerId: 9011 })
  await arrive(service, id, 2 * 86_400, 'to 30')
  await arrive(service, id, 60, 'to 20')
  t.equal(service.simulator.chat(id).departmentId, 20)
})

test('of one second, the new chat happened before its messages', async (t) => {
  const rerouting = rules.map((each) => ({ ...each, reroute: true }))
  const service = await startQuietly(t, rerouting)
  const { id } = service.simulator.openChat({ customerId: 9011 })
  await arrive(service, id, 0, 'to 20')
  const state = { status: 'new', department: { id: 20 }, assignee: null }
  const eventData = { chat_id: id, customer: { id: 9011 }, ...state }
  await post(service, envelope({ eventData, createdAt: START_S }))
  await service.drained()
  t.equal(service.simulator.chat(id).departmentId, 20)
  await arrive(service, id, 0, 'to 30')
  t.equal(service.simulator.chat(id).departmentId, 30, 'messages come as they arrive')
})

test('a new chat that is said to be some seconds younger than its first message comes before it', async (t) => {
  const service = await startQuietly(t, [rule(), ...rules.slice(1)])
  const { simulator, sql, drained } = service
  const { id } = simulator.openChat({ customerId: 9011 })
  await sql('UPDATE budget_slots SET used_at = now()')
  const subject = { chat_id: id, customer: { id: 9011 } }
  const message = { ...subject, message: { id: 1, text: 'to 20' } }
  const state = { ...subject, status: 'new', department: null, assignee: null }
  await post(service, envelope({ eventData: state, createdAt: START_S + 3 }))
  await until('it waits for the budget', async () => {
    return (await sql("SELECT FROM graphile_worker.jobs WHERE flags ? 'look_up' AND locked_at IS NULL")).length > 0
  })
  await post(service, envelope({ event: 'message.chat.customer', eventData: message, createdAt: START_S }))
  await sql(A_MINUTE_LATER)
  await drained()
  const { body } = await service.get('/v1/decisions')
  t.match(body.data, [
    { eventType: 'message.chat.customer', outcome: 'applied', rule: { key: 'to-20' } },
    { eventType: 'chat.new', outcome: 'skipped', rule: { key: 'german' } },
  ])
})

test('a new chat that comes late is routed all the same when nothing newer has said where to', async (t) => {
  const service = await startQuietly(t, rules)
  const { id } = service.simulator.openChat({ customerId: 9011 })
  await arrive(service, id, 2, 'nothing that a rule asks for')
  await arrive(service, id, 0)
  t.equal(service.simulator.chat(id).departmentId, 10)
})

test('a move that failed is not tried again once a newer decision has found the chat where it belongs', async (t) => {
  const service = await startQuietly(t, [...rules, opened])
  const { simulator, sql, drained } = service
  simulator.script({ method: 'PUT' }, [{ kind: 'status', status: 500 }])
  const { id } = simulator.openChat({ customerId: 9011, departmentId: 10 })
  const message = { id: 1, text: 'to 20' }
  const eventData = { chat_id: id, customer: { id: 9011 }, message }
  await post(service, envelope({ event: 'message.chat.customer', eventData, createdAt: START_S }))
  await until('the first try', async () => (await sql('SELECT FROM chats WHERE tries = 1')).length === 1)
  await sql("UPDATE graphile_worker._private_jobs SET run_at = now() + interval '1 h' WHERE key = $1", [`apply:${id}`])
  await arriveOpened(service, id, 1, 10)
  await drained()
  const { body } = await service.get('/v1/decisions')
  t.match(body.data, [
    { outcome: 'unchanged', department: { to: 10 } },
    { outcome: 'skipped', reason: 'already_routed', department: { to: 20 } },
  ])
  t.equal(simulator.calls.departmentPuts(id).length, 1)
})

test('where an agent has put a chat that we had moved does not become where it was before us', async (t) => {
  const service = await startQuietly(t, [...rules, opened])
  const { simulator, drained } = service
  const { id } = simulator.openChat({ customerId: 9011 })
  await arrive(service, id, 0, 'to 20') // nobody has told where it was
  t.equal(simulator.chat(id).departmentId, 20)
  simulator.agentMovesChat(id, 30)
  for (const happenedS of [1, 2]) {
    await arriveOpened(service, id, happenedS, 30)
    await drained()
    const { body } = await service.get('/v1/decisions')
    t.match(body.data[0], { outcome: 'skipped', reason: 'moved_by_person' })
  }
})

test('where an event shows a chat that we have moved on since is looked up before it counts as a choice of somebody', async (t) => {
  const service = await startQuietly(t, [...rules, { ...opened, department: 30 }])
  const { simulator, drained } = service
  const { id } = simulator.openChat({ customerId: 9011 })
  const { id: other } = simulator.openChat({ customerId: 9011 })
  for (const chatId of [id, other]) {
    await arrive(service, chatId, 0)
    await arrive(service, chatId, 1, 'to 20')
  }
  simulator.agentMovesChat(other, 10)
  // Of the one chat sent before its second move was made, of the other after somebody has undone it.
  for (const chatId of [id, other]) await arriveOpened(service, chatId, 2, 10)
  await drained()
  const newest = async (chatId: number) => (await service.get(`/v1/decisions?chatId=${chatId}`)).body.data[0]
  t.match(await newest(id), { outcome: 'applied', department: { from: 20, to: 30 } })
  t.match(await newest(other), { outcome: 'skipped', reason: 'moved_by_person', department: { from: 10, to: 30 } })
})

test('where a move was never begun, a chat that is there has been put there by somebody', async (t) => {
  const service = await startQuietly(t, rules)
  const { simulator, sql, drained } = service
  const { id } = simulator.openChat({ customerId: 9011 })
  const subject = { chat_id: id, customer: { id: 9011 } }
  await arrive(service, id, 0)
  t.equal(simulator.chat(id).departmentId, 10)
  simulator.script({ method: 'GET', path: '/v1/chats/{id}' }, [{ kind: 'status', status: 500 }])
  const message = { ...subject, message: { id: 1, text: 'to 20' } }
  await post(service, envelope({ event: 'message.chat.customer', eventData: message, createdAt: START_S + 1 }))
  await until('the look has failed', async () => (await sql('SELECT FROM chats WHERE tries = 1')).length === 1)
  await sql("UPDATE graphile_worker._private_jobs SET run_at = now() + interval '1 h' WHERE key = $1", [`apply:${id}`])
  simulator.agentMovesChat(id, 20)
  await arrive(service, id, 2, 'to 30')
  await drained()
  t.equal(simulator.chat(id).departmentId, 20)
  const { body } = await service.get('/v1/decisions')
  t.match(body.data[0], { outcome: 'skipped', reason: 'moved_by_person', department: { to: 30 } })
})
