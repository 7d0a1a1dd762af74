import { test } from 'tap'
import { rest } from '../support/budget.ts'
import { NONE } from '../support/none.ts'
import { rule } from '../support/rules.ts'
import { type Service, startService, until } from '../support/service.ts'
import { envelope, post } from '../support/webhooks.ts'

const refund = rule({
  key: 'refund',
  priority: 100,
  conditions: { fact: 'message', operator: 'includesWord', value: 'refund' },
  department: 20,
})
const settings = { DEFAULT_DEPARTMENT_ID: '40' }
const late = { switches: { firstMessageDelayMs: 500 } }

test('a rule on the message waits for a first message that comes after the chat', async (t) => {
  const { simulator, drained, get } = await startService(t, { rules: [refund], settings, simulator: late })
  simulator.openChat({ customerId: 9011, text: 'a refund, please' })
  await drained()
  t.match((await get('/v1/decisions')).body.data, [{ outcome: 'applied', rule: { key: 'refund' } }])
  t.equal(simulator.calls.count({ method: 'GET' }), 2)
})

test('it waits, too, behind rules on what the chat or its customer does not have', async (t) => {
  const before = [
    rule({ key: 'there', priority: 900, conditions: { fact: 'department', operator: 'equal', value: 30 } }),
    rule({ key: 'taken', priority: 800, conditions: { fact: 'assignee', operator: 'exists' } }),
    rule({ key: 'paying', priority: 700, conditions: { fact: 'plan', operator: 'equal', value: 'business' } }),
  ]
  const { simulator, drained, get } = await startService(t, { rules: [...before, refund], settings, simulator: late })
  simulator.openChat({ customerId: 9011, text: 'a refund, please' })
  await drained()
  t.match((await get('/v1/decisions')).body.data, [{ outcome: 'applied', rule: { key: 'refund' } }])
})

test('nobody waits for a message that could change nothing', async (t) => {
  const rules = [
    rule({ key: 'free', priority: 900, conditions: { fact: 'department', operator: 'missing' } }),
    rule({
      ...refund,
      key: 'refund-there',
      priority: 950,
      conditions: { all: [{ fact: 'department', operator: 'equal', value: 30 }, refund.conditions] },
    }),
    refund,
  ]
  const silent = { switches: { emptyRelations: 'absent' } } as const
  const { simulator, drained, get } = await startService(t, { rules, settings, simulator: silent })
  simulator.openChat({ customerId: 9011 })
  await drained()
  t.match((await get('/v1/decisions')).body.data, [{ outcome: 'applied', rule: { key: 'free' } }])
  t.equal(simulator.calls.count({ method: 'GET', path: '/v1/chats/{id}' }), 1)
})

test('nobody waits for another message where the webhook brings one, however short', async (t) => {
  const event = 'message.chat.customer'
  const there = rule({
    key: 'there',
    priority: 900,
    events: [event],
    conditions: { fact: 'department', operator: 'equal', value: 30 },
  })
  const english = rule({ events: [event], conditions: { fact: 'messageLanguage', operator: 'equal', value: 'en' } })
  const service = await startService(t, { rules: [there, english] })
  service.simulator.webhooks.sendTo([])
  const { id } = service.simulator.openChat({ customerId: 9011 })
  const eventData = { chat_id: id, customer: { id: 9011 }, message: { id: 1, text: 'hi' } }
  await post(service, envelope({ event, eventData }))
  await service.drained()
  t.match((await service.get('/v1/decisions')).body.data, [{ outcome: 'no_match' }])
  t.equal(service.simulator.calls.count({ method: 'GET' }), 1)
})

test('a message without text, such as an attachment, has come: nobody waits for it', async (t) => {
  const { simulator, drained, get } = await startService(t, { rules: [refund], settings })
  simulator.openChat({ customerId: 9011, text: '' })
  await drained()
  t.match((await get('/v1/decisions')).body.data, [{ outcome: 'applied', reason: 'default_department' }])
  t.equal(simulator.calls.count({ method: 'GET' }), 1)
})

test('what is not there is asked for a last time 8 s after the webhook', async (t) => {
  const service = await startService(t)
  const { simulator, drained, sql, get } = service
  const { id } = simulator.addCustomer({ name: 'Max' })
  simulator.script({ path: `/v1/customers/${id}` }, [{ kind: 'status', status: 404 }], { forever: true })
  simulator.openChat({ customerId: id })
  const asked = (count: number) =>
    simulator.waitFor(`call ${count}`, () => simulator.calls.count({ status: 404 }) === count)
  const dueAfter = async () => {
    await rest(service)
    const [row] = await sql<{ ms: number }>(`SELECT (extract(epoch FROM j.run_at - e.received_at) * 1000)::int AS ms
      FROM webhook_events e JOIN graphile_worker._private_jobs j ON j.key = 'event:' || e.seq WHERE e.type = 'chat.new'`)
    return row?.ms ?? 0
  }
  await asked(1)
  t.ok((await dueAfter()) >= 1_000)
  await sql("UPDATE webhook_events SET received_at = received_at - interval '5 s'")
  await sql('UPDATE graphile_worker._private_jobs SET run_at = now() WHERE flags IS NOT NULL')
  await asked(2)
  const ms = await dueAfter()
  t.ok(ms >= 8_000 && ms < 9_500, `${ms} ms`)
  await sql("UPDATE webhook_events SET received_at = received_at - interval '3 s'")
  await sql('UPDATE graphile_worker._private_jobs SET run_at = now() WHERE flags IS NOT NULL')
  await drained()
  t.equal(simulator.calls.count({ status: 404 }), 3)
  t.match((await get('/v1/decisions')).body.data, [{ outcome: 'no_match' }])
})

const cancel = rule({
  ...{ key: 'cancel', priority: 900, events: ['message.chat.customer'], reroute: true, department: 20 },
  conditions: { fact: 'message', operator: 'includesWord', value: 'cancel' },
})

/** Sends a message of a chat whose `chat.new` has not come, and waits until it is put off. */
async function arriveBeforeItsChat(service: Service): Promise<number> {
  service.simulator.webhooks.sendTo([])
  const { id } = service.simulator.openChat({ customerId: 9011, text: 'Hello' })
  const eventData = { chat_id: id, customer: { id: 9011 }, message: { id: 1, text: 'Hello' } }
  await post(service, envelope({ event: 'message.chat.customer', eventData }))
  await until('it waits', async () => {
    const rows = await service.sql("SELECT FROM graphile_worker.jobs WHERE flags ? 'look_up' AND locked_at IS NULL")
    return rows.length > 0
  })
  return id
}

test('a message that comes before its chat leaves the chat to the rules for new chats', async (t) => {
  const service = await startService(t, { rules: [cancel, {}], settings })
  const { simulator, drained, get } = service
  const id = await arriveBeforeItsChat(service)
  const eventData = { chat_id: id, customer: { id: 9011 }, status: 'new', department: null, assignee: null }
  const { createdAt } = envelope()
  await post(service, envelope({ eventData, createdAt: createdAt + 2 }))
  await drained()
  t.match((await get('/v1/decisions')).body.data, [
    { eventType: 'message.chat.customer', outcome: 'skipped', reason: 'already_routed' },
    { eventType: 'chat.new', outcome: 'applied', rule: { key: 'german' } },
  ])
  t.equal(simulator.calls.departmentPuts(id).length, 1)
})

test('a chat whose beginning does not come goes to the default department 8 s later', async (t) => {
  const service = await startService(t, { rules: [cancel, {}], settings })
  const { drained, get, sql } = service
  const id = await arriveBeforeItsChat(service)
  t.match((await get('/v1/decisions')).body.data, NONE)
  await sql("UPDATE webhook_events SET received_at = received_at - interval '8 s'")
  await sql('UPDATE graphile_worker._private_jobs SET run_at = now() WHERE flags IS NOT NULL')
  await drained()
  t.match((await get('/v1/decisions')).body.data, [{ outcome: 'applied', reason: 'default_department' }])

  const eventData = { chat_id: id, customer: { id: 9011 }, status: 'new', department: null, assignee: null }
  const { createdAt } = envelope()
  await post(service, envelope({ eventData, createdAt: createdAt - 60 }))
  await drained()
  const [late] = (await get('/v1/decisions')).body.data
  t.match(late, { eventType: 'chat.new', outcome: 'skipped', reason: 'already_routed' }, 'nobody else has moved it')
})
