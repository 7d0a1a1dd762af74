import { connect } from 'node:net'
import { type Test, test } from 'tap'
import { seededRandom } from '../../src/sandbox/simulator/seeded-random.ts'
import { populate } from '../../src/sandbox/world/populate.ts'
import { RESIDENTS, visits } from '../../src/sandbox/world/visits.ts'
import { API_KEY, callApi, putDepartment, startReceiver, startSmallAccount } from './simulator-fixture.ts'

async function openedChat(t: Test) {
  const { simulator } = await startSmallAccount(t, { now: () => new Date('2026-03-02T10:00:00Z') })
  const { id } = simulator.openChat({ customerId: 9011, text: 'Hi' })
  return { simulator, id }
}

test('setting a department answers with the whole chat, its department an object', async (t) => {
  const { simulator, id } = await openedChat(t)
  const { status, json } = await putDepartment(simulator, id)
  t.equal(status, 200)
  t.match(json, {
    id,
    status: 'new',
    createdAt: '1772445600',
    lastMessageText: 'Hi',
    customer: { id: 9011, name: 'Olena', email: null, userId: null },
    assignee: null,
    department: { id: 4410, name: 'Billing' },
  })
})

test('a call that HelpCrunch cannot take is 400 and names the field', async (t) => {
  const { simulator, id } = await openedChat(t)
  const field = async (path: string, body: unknown) => {
    const { status, json } = await callApi(simulator, 'PUT', path, body)
    return [status, json.errors.at(-1).code]
  }
  t.strictSame(await field('/chats/department', { id: String(id), department: 4410 }), [400, 'id'])
  t.strictSame(await field('/chats/department', { id }), [400, 'department'])
  t.strictSame(await field('/chats/department', { id, department: 1 }), [400, 'department'])
  t.strictSame(await field('/chats/department', []), [400, 'invalid_request'])
  t.strictSame(await field('/chats/assignee', { id, assignee: 1 }), [400, 'assignee'])
  t.strictSame(await field('/chats/status', { id, status: 'empty' }), [400, 'status'])
  t.equal((await callApi(simulator, 'GET', '/invented')).status, 404)
})

test('assignee and status are changed as documented', async (t) => {
  const { simulator, id } = await openedChat(t)
  const assign = (assignee: unknown) => callApi(simulator, 'PUT', '/chats/assignee', { id, assignee })
  t.match((await assign(88)).json.assignee, { id: 88, name: 'Ada', role: 'agent' })
  t.equal((await assign(null)).json.assignee, null)
  t.equal((await callApi(simulator, 'PUT', '/chats/status', { id, status: 'open' })).json.status, 'opened')
})

test('lists come in pages, chats in the order asked for and messages newest first', async (t) => {
  const { simulator, id } = await openedChat(t)
  const { id: second } = simulator.openChat({ customerId: 9011 })
  simulator.sendMessage(id, 'Anybody?')
  const ids = async (path: string) =>
    (await callApi(simulator, 'GET', path)).json.data.map((entry: { id: number }) => entry.id)
  t.strictSame(await ids('/chats'), [second, id])
  t.strictSame(await ids('/chats?sort=chats.lastMessageAt&order=ASC'), [second, id])
  t.strictSame(await ids('/departments?offset=1&limit=1'), [4411])
  t.strictSame(await ids('/agents'), [88, 89])
  t.strictSame(await ids('/customers'), [9011])
  const messages = (await callApi(simulator, 'GET', `/chats/${id}/messages`)).json
  t.match(messages, { data: [{ text: 'Anybody?', from: 'customer', type: 'message' }, { text: 'Hi' }], total: 2 })
  t.same((await callApi(simulator, 'GET', '/organization')).json.data.chatEnabled, true)
})

test('chats are searched by all of the filters or by any, and a filter that cannot be used is refused', async (t) => {
  const { simulator, id } = await openedChat(t)
  const other = simulator.addCustomer({ name: 'Marie' })
  const moved = simulator.openChat({ customerId: other.id, departmentId: 4411 })
  const search = async (body: object) => {
    const { status, json } = await callApi(simulator, 'POST', '/chats/search', body)
    return json.data?.map((chat: { id: number }) => chat.id) ?? [status, json.errors.at(-1).code]
  }
  const of = (field: string, value: unknown, operator = '=') => ({ field, operator, value })
  const either = [of('chats.customer', 9011), of('chats.department', 4411)]
  t.strictSame(await search({ comparison: 'OR', filter: either }), [moved.id, id])
  t.strictSame(await search({ comparison: 'AND', filter: either }), [])
  t.strictSame(await search({ filter: [of('chats.customer', 9011, '!=')] }), [moved.id])
  t.strictSame(await search({ sort: 'chats.createdAt', order: 'asc', offset: 1, limit: 1 }), [moved.id])
  t.strictSame(await search({ filter: [of('chats.customer', '9011')] }), [400, 'filter[0].field'])
  t.strictSame(await search({ filter: [of('chats.id', id)] }), [400, 'filter[0].field'])
  t.strictSame(await search({ sort: 'chats.id' }), [400, 'sort'])
})

test('a deleted customer is 404', async (t) => {
  const { simulator } = await openedChat(t)
  simulator.deleteCustomer(9011)
  t.equal((await callApi(simulator, 'GET', '/customers/9011')).status, 404)
})

test('every call is recorded, and calls about one chat at one time as overlapping', async (t) => {
  const { simulator, id } = await openedChat(t)
  const { promise: until, resolve: release } = Promise.withResolvers<void>()
  simulator.script({ chatId: id }, [{ kind: 'hold', until }])
  const put = putDepartment(simulator, id)
  await simulator.waitFor('the PUT', () => simulator.calls.departmentPuts(id).length === 1)
  await callApi(simulator, 'GET', `/chats/${id}`)
  await callApi(simulator, 'GET', '/chats?limit=1')
  release()
  await put
  t.match(simulator.calls.all, [
    { number: 1, method: 'PUT', chatId: id, body: { department: 4410 }, status: 200, overlapped: true, applied: true },
    { number: 2, path: `/v1/chats/${id}`, chatId: id, overlapped: true },
    { number: 3, path: '/v1/chats', query: 'limit=1', overlapped: false },
  ])
  t.equal(simulator.calls.count({ method: 'GET', status: 200 }), 2)
  simulator.calls.forget()
  t.strictSame(simulator.calls.all, [])
})

test('calls take as long as the latency says', async (t) => {
  const { simulator } = await startSmallAccount(t, { latency: { minMs: 30, maxMs: 30 } })
  const startedAtMs = performance.now()
  await callApi(simulator, 'GET', '/agents')
  t.ok(performance.now() - startedAtMs >= 25)
})

test('stop closes every socket and timer and rejects those who wait', async (t) => {
  const { simulator } = await startSmallAccount(t, { switches: { backoffMs: [60_000] } })
  const receiver = await startReceiver(t, simulator)
  receiver.answerNext(null)
  simulator.script({}, [{ kind: 'hang' }])
  const openTimers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length
  const idle = connect(Number(new URL(simulator.apiUrl).port), '127.0.0.1')
  const idleClosed = new Promise((resolve) => idle.once('close', resolve))
  const hanging = callApi(simulator, 'GET', '/agents', undefined, API_KEY)
  simulator.openChat({ customerId: 9011 })
  await simulator.waitFor('the hanging call', () => simulator.calls.all[0]?.fault === 'hang')
  await receiver.firstArrival
  const timersBefore = openTimers()
  const waiting = simulator.waitFor('nothing', () => false)
  t.equal(openTimers(), timersBefore + 1, 'the limit of the wait')
  const startedAtMs = performance.now()
  await Promise.all([t.rejects(hanging), t.rejects(waiting, /simulator was stopped/), simulator.stop(), idleClosed])
  t.ok(performance.now() - startedAtMs < 1_000)
  t.equal(openTimers(), timersBefore)
  await t.rejects(callApi(simulator, 'GET', '/agents'), { cause: { code: 'ECONNREFUSED' } })
})

test('the sandbox has eight departments, and customers who all come before anybody comes again', async (t) => {
  const { simulator } = await startSmallAccount(t)
  populate(simulator)
  const sequence = visits(seededRandom(7))
  const round = Array.from({ length: RESIDENTS.length }, () => sequence.next().value)
  t.equal(new Set(round.map((visit) => visit.customer.id)).size, RESIDENTS.length)
  t.strictSame(visits(seededRandom(7)).next().value, round[0])
  for (const { customer, text } of round) simulator.openChat({ customerId: customer.id, text })
  t.equal(simulator.chats.size, RESIDENTS.length)
  t.equal((await callApi(simulator, 'GET', '/departments')).json.data.length, 2 + 8)
})
