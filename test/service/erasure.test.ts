import { test } from 'tap'
import { apiOf, issueToken } from '../support/api.ts'
import { rule } from '../support/rules.ts'
import { type Service, shareService, startService, until } from '../support/service.ts'
import { envelope, post } from '../support/webhooks.ts'

/** Each test has a customer of its own. */
const MIA = { name: 'Mia', email: 'mia@example.test', locale: 'de' }
const anyService = shareService()

async function erase(service: Service, id: number) {
  return apiOf(service).send('DELETE', `/v1/customers/${id}`)
}

test('an erased decision says that it was erased, and still counts', async (t) => {
  const service = await anyService(t)
  const { simulator, get } = service
  const { id: customerId } = simulator.addCustomer(MIA)
  const { id: chatId } = simulator.openChat({ customerId, text: 'Hello' })
  await service.drained()
  t.match(await erase(service, customerId), { status: 200, body: { customerId, decisions: 1, profile: true } })

  const { body: list } = await get(`/v1/decisions?chatId=${chatId}`)
  t.match(list.data, [{ outcome: 'applied', rule: { key: 'german' }, department: { to: 10 }, erasedAt: /Z$/ }])
  const { id, eventId } = list.data[0]
  const { body: decision } = await get(`/v1/decisions/${id}`)
  t.match(decision, {
    facts: {},
    explanation: [],
    attempts: [
      { status: 200, body: null },
      { status: 200, body: null },
    ],
  })
  t.match((await get(`/v1/events/${eventId}`)).body, { status: 'done', body: '', erasedAt: /Z$/ })
  t.match((await get('/v1/stats')).body.outcomes, [{ outcome: 'applied', count: 1 }])

  const { send } = apiOf(service)
  const refused = { status: 409, body: { code: 'erased' } }
  t.match(await send('POST', '/v1/simulations', { decisionId: id }), refused)
  t.match(await send('POST', `/v1/decisions/${id}/test`), refused)
  t.match(await send('POST', '/v1/backtests', { rules: [] }), { body: { decisions: 0 } })
})

test('an erasure stands in the audit, and a second one finds nothing', async (t) => {
  const service = await anyService(t)
  const { token, id: tokenId } = await issueToken(service, 'admin', 'Ada')
  const { id } = service.simulator.addCustomer(MIA)
  service.simulator.openChat({ customerId: id })
  await service.drained()
  t.equal((await apiOf(service, token).send('DELETE', `/v1/customers/${id}`)).status, 200)
  t.match(await erase(service, id), { status: 404, body: { code: 'not_found' } })
  const { data } = (await service.get(`/v1/audit?action=customer.erased&subject=customer:${id}`)).body
  t.match(data, [{ actor: 'Ada', tokenId, before: null, after: { decisions: 1 } }])
  t.equal(data.length, 1)
})

test('an event that was erased is processed once all the same', async (t) => {
  const service = await anyService(t)
  const { id } = service.simulator.addCustomer(MIA)
  const event = envelope({ eventData: { chat_id: 501, customer: { id } } })
  await post(service, event)
  await service.drained()
  await erase(service, id)
  t.match(await post(service, event), { status: 202, body: { status: 'duplicate' } })
  t.equal((await service.sql('SELECT FROM decisions WHERE chat_id = 501')).length, 1)
})

test('an event that still waits ends undecided, and is not retried', async (t) => {
  const service = await startService(t, { settings: { ROLE: 'web' } })
  const event = envelope({ eventData: { chat_id: 501, customer: { id: 9011 } } })
  await post(service, event)
  t.match(await erase(service, 9011), { status: 200, body: { events: 1, decisions: 0, profile: false } })
  const { body } = await service.get(`/v1/events/${event.id}`)
  t.match(body, { status: 'ignored', problem: /erased before it was decided/, body: '' })
  await service.sql("UPDATE webhook_events SET status = 'set_aside'")
  const retry = await apiOf(service).send('POST', `/v1/events/${event.id}/retry`)
  t.match(retry, { status: 409, body: { detail: /data was erased/ } })
})

test('a look-up that is under way brings nothing back', async (t) => {
  const service = await anyService(t)
  const { simulator, sql } = service
  const { id: customerId } = simulator.addCustomer(MIA)
  const path = `/v1/customers/${customerId}`
  const answer = Promise.withResolvers<void>()
  simulator.script({ path }, [{ kind: 'hold', until: answer.promise }])
  const { id: chatId } = simulator.openChat({ customerId })
  await simulator.waitFor('the look-up', () => simulator.calls.count({ path }) === 1)
  await simulator.webhooks.settled() // what arrives after the erasure is new
  t.equal((await erase(service, customerId)).status, 200)
  answer.resolve()
  const attempts = "SELECT body FROM attempts WHERE '/v1' || path = $1 AND status = 200"
  await until('its end', async () => (await sql(attempts, [path])).length === 1)
  const claims = 'SELECT FROM chats WHERE id = $1 AND claimed_by IS NOT NULL'
  await until('the chat is let go', async () => (await sql(claims, [chatId])).length === 0)
  t.strictSame(await sql('SELECT id FROM customers WHERE id = $1', [customerId]), [])
  t.strictSame(await sql('SELECT id FROM decisions WHERE chat_id = $1', [chatId]), [])
  t.strictSame(await sql(attempts, [path]), [{ body: null }])
  t.equal(simulator.chat(chatId).departmentId, null)
})

test('a move that is under way is made, and its reply is not kept', async (t) => {
  const service = await anyService(t)
  const { simulator, sql } = service
  const { id: customerId } = simulator.addCustomer(MIA)
  const answer = Promise.withResolvers<void>()
  simulator.script({ method: 'PUT' }, [{ kind: 'hold', until: answer.promise }])
  const { id: chatId } = simulator.openChat({ customerId })
  await simulator.waitFor('the move', () => simulator.calls.departmentPuts(chatId).length === 1)
  t.match(await erase(service, customerId), { status: 200, body: { decisions: 1, attempts: 1 } })
  answer.resolve()
  await service.drained()
  t.equal(simulator.chat(chatId).departmentId, 10)
  const left = `SELECT DISTINCT d.outcome, d.facts, a.body FROM decisions d JOIN attempts a ON a.event_seq = d.event_seq
    WHERE d.chat_id = $1`
  t.strictSame(await sql(left, [chatId]), [{ outcome: 'applied', facts: {}, body: null }])
})

test('a reply about somebody else is kept nowhere, as no erasure would look for it there', async (t) => {
  const service = await anyService(t)
  const { simulator, sql } = service
  const somebody = { id: 77_777, name: 'Lia', email: 'lia@example.test', locale: 'de', tags: [] }
  const { id: customerId } = simulator.addCustomer(MIA)
  simulator.script({ path: `/v1/customers/${customerId}` }, [{ kind: 'wrong_body', body: somebody }])
  const { id: chatId } = simulator.openChat({ customerId })
  simulator.script({ path: '/v1/chats/department', chatId }, [
    { kind: 'wrong_body', body: { id: 5, department: { id: 10 }, customer: somebody } },
  ])
  await service.drained()
  t.equal(simulator.chat(chatId).departmentId, 10)
  const problem = /not of the expected shape; as it may tell of somebody else, it is not kept/
  t.match(await sql("SELECT body, error FROM attempts WHERE error <> '' ORDER BY id"), [
    { body: '', error: problem },
    { body: '', error: problem },
  ])
  t.strictSame(await sql("SELECT FROM attempts WHERE body LIKE '%Lia%'"), [])
})

test('a chat whose webhooks do not name its customer is found by what HelpCrunch has answered about it', async (t) => {
  const invoice = rule({ conditions: { fact: 'message', operator: 'includesWord', value: 'invoice' } })
  const service = await startService(t, { rules: [invoice], simulator: { switches: { webhookCustomer: 'absent' } } })
  const { simulator, sql } = service
  const mia = simulator.addCustomer(MIA)
  const lia = simulator.addCustomer({ id: Number(`${mia.id}1`), name: 'Lia' })
  const chats = [mia, lia].map(({ id }) => simulator.openChat({ customerId: id, text: 'my invoice' }).id)
  await service.drained()
  t.match(await erase(service, mia.id), { status: 200, body: { decisions: 1, attempts: 2 } })
  const left = `SELECT DISTINCT e.chat_id::int FROM webhook_events e
    LEFT JOIN decisions d ON d.event_seq = e.seq LEFT JOIN attempts a ON a.event_seq = e.seq
    WHERE e.chat_id = ANY ($1) AND (e.body <> '' OR d.facts <> '{}' OR a.body <> '')`
  t.strictSame(await sql(left, [chats]), [{ chat_id: chats[1] }])
  t.match(await erase(service, mia.id), { status: 404 })
})

test('the same goes for answers that are too long to be kept as a whole', async (t) => {
  const invoice = rule({
    events: ['message.chat.customer'],
    conditions: { fact: 'message', operator: 'includesWord', value: 'invoice' },
  })
  const service = await startService(t, { rules: [invoice], simulator: { switches: { webhookCustomer: 'absent' } } })
  const { simulator, sql } = service
  const { id: customerId } = simulator.addCustomer(MIA)
  simulator.openChat({ customerId, text: `my invoice ${'is long '.repeat(600)}` })
  await service.drained()
  t.match(await sql("SELECT position('customer' IN body) AS place FROM attempts WHERE method = 'PUT'"), [{ place: 0 }])
  t.match(await erase(service, customerId), { status: 200, body: { attempts: 2 } })
  t.strictSame(await sql("SELECT FROM webhook_events WHERE body <> ''"), [])
})

test('webhooks that say neither whom nor which chat are searched for the customer', async (t) => {
  const service = await anyService(t)
  const { id: customerId } = service.simulator.addCustomer(MIA)
  service.simulator.openChat({ customerId })
  await service.drained()
  const unknown = (eventData: object) => envelope({ event: 'customer.of_the_future', eventData })
  const about = unknown({ who: customerId, name: 'Mia' })
  const other = unknown({ who: Number(`${customerId}1`), name: 'Lia' })
  for (const webhook of [about, other, '{"to":"mia@example.test"', '{"to":"lia@example.test"'])
    await post(service, webhook)
  await erase(service, customerId)
  const left = await service.sql(
    `SELECT convert_from(body, 'UTF8') AS body FROM webhook_events
    WHERE body <> '' AND (status = 'unreadable' OR type = 'customer.of_the_future') ORDER BY seq`,
  )
  t.strictSame(
    left.map(({ body }) => body),
    [JSON.stringify(other), '{"to":"lia@example.test"'],
  )
})

test('what comes in later about the same customer is a new matter', async (t) => {
  const service = await anyService(t)
  const { simulator, sql } = service
  const { id: customerId } = simulator.addCustomer(MIA)
  const first = simulator.openChat({ customerId })
  await service.drained()
  await erase(service, customerId)
  const second = simulator.openChat({ customerId })
  await service.drained()
  const chats = [first.id, second.id]
  const facts = await sql(
    `SELECT facts, erased_at IS NULL AS is_new FROM decisions WHERE chat_id = ANY ($1) ORDER BY id`,
    [chats],
  )
  t.match(facts, [
    { facts: {}, is_new: false },
    { facts: { language: 'de' }, is_new: true },
  ])
})
