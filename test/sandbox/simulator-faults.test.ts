import { type Test, test } from 'tap'
import type { Fault } from '../../src/sandbox/simulator/faults.ts'
import { callApi, putDepartment, startSmallAccount } from './simulator-fixture.ts'

/** A chat whose next PUT of a department meets this fault. */
async function faultyChat(t: Test, fault: Fault) {
  const { simulator } = await startSmallAccount(t)
  const { id } = simulator.openChat({ customerId: 9011, text: 'Hi' })
  simulator.script({ method: 'PUT', path: '/v1/chats/department', chatId: id }, [fault])
  const department = () => simulator.chat(id).departmentId
  return { simulator, id, department, put: () => putDepartment(simulator, id) }
}

test('a status is answered as scripted and the chat is not moved', async (t) => {
  const headers = { 'retry-after': '7', 'x-proxy': 'a' }
  const { put, department } = await faultyChat(t, { kind: 'status', status: 503, body: '<h1>busy</h1>', headers })
  const reply = await put()
  t.match({ status: reply.status, text: reply.text }, { status: 503, text: '<h1>busy</h1>' })
  t.match(Object.fromEntries(reply.headers), { ...headers, 'content-type': /^text\/html/ })
  t.equal(department(), null)
})

test('a status without a body has the one that HelpCrunch documents', async (t) => {
  for (const [status, code] of [
    [401, 'unauthorized'],
    [404, 'not_found'],
    [429, 'too_many_requests'],
  ] as const) {
    const { put } = await faultyChat(t, { kind: 'status', status })
    const reply = await put()
    t.match(
      { status: reply.status, json: reply.json },
      { status, json: { errors: [{ code: 'invalid_request' }, { code }] } },
    )
  }
})

test('a redirect has its location', async (t) => {
  const { put } = await faultyChat(t, { kind: 'status', status: 302, headers: { location: 'https://example.test/' } })
  const reply = await put()
  t.strictSame([reply.status, reply.headers.get('location')], [302, 'https://example.test/'])
})

test('a status can come although the change was made', async (t) => {
  const { put, department } = await faultyChat(t, { kind: 'status', status: 504, applied: true })
  t.equal((await put()).status, 504)
  t.equal(department(), 4410)
})

test('a hanging call is never answered, and ends when the simulator stops', async (t) => {
  const { simulator, put, department } = await faultyChat(t, { kind: 'hang' })
  const reply = put()
  await simulator.waitFor('the call', () => simulator.calls.departmentPuts()[0]?.fault === 'hang')
  await Promise.all([t.rejects(reply), simulator.stop()])
  t.equal(department(), null)
})

test('a delayed call is answered as usual, later', async (t) => {
  const { simulator, put } = await faultyChat(t, { kind: 'delay', ms: 40 })
  t.equal((await put()).json.department.id, 4410)
  const [call] = simulator.calls.departmentPuts()
  t.ok(Number(call?.endedAt) - Number(call?.at) >= 35)
})

test('a held call waits for the test, with its change or without', async (t) => {
  for (const [when, departmentMeanwhile] of [
    ['before_change', null],
    ['after_change', 4410],
  ] as const) {
    const { promise: until, resolve: release } = Promise.withResolvers<void>()
    const { simulator, put, department } = await faultyChat(t, { kind: 'hold', until, when })
    const reply = put()
    await simulator.waitFor('the call', () => simulator.calls.departmentPuts()[0]?.fault === 'hold')
    t.equal(department(), departmentMeanwhile)
    release()
    t.equal((await reply).json.department.id, 4410)
  }
})

test('a reset loses the call, or only its reply', async (t) => {
  const lost = await faultyChat(t, { kind: 'reset' })
  await t.rejects(lost.put(), { cause: { code: 'ECONNRESET' } })
  t.equal(lost.department(), null)
  const replyLost = await faultyChat(t, { kind: 'reset', applied: true })
  await t.rejects(replyLost.put(), { cause: { code: 'ECONNRESET' } })
  t.equal(replyLost.department(), 4410)
  t.match(replyLost.simulator.calls.departmentPuts(), [{ status: null, fault: 'reset', applied: true }])
})

test('a truncated reply breaks off after the change', async (t) => {
  const { put, department } = await faultyChat(t, { kind: 'truncated' })
  await t.rejects(put())
  t.equal(department(), 4410)
})

test('a wrong body is a 200 that is not JSON, or not a chat', async (t) => {
  const text = await faultyChat(t, { kind: 'wrong_body', body: 'OK' })
  t.match(await text.put(), { status: 200, text: 'OK' })
  const json = await faultyChat(t, { kind: 'wrong_body', body: [] })
  t.match(await json.put(), { status: 200, text: '[]' })
})

test('a stale chat is the one from before the call', async (t) => {
  const { put, department } = await faultyChat(t, { kind: 'stale_chat' })
  t.match(await put(), { status: 200, json: { department: null } })
  t.equal(department(), 4410)
})

test('a huge body is as large as asked for', async (t) => {
  const { put } = await faultyChat(t, { kind: 'huge_body', bytes: 1_000_000 })
  t.ok((await put()).text.length >= 1_000_000)
})

test('a slow drip arrives whole, in pieces', async (t) => {
  const { put } = await faultyChat(t, { kind: 'slow_drip', everyMs: 1, bytesEach: 50 })
  t.equal((await put()).json.department.id, 4410)
})

test('each fault is used up by one call that it fits, in order', async (t) => {
  const { simulator } = await startSmallAccount(t)
  const script = simulator.script({ path: '/v1/customers/{id}' }, [{ kind: 'status', status: 500 }, { kind: 'none' }])
  t.equal((await callApi(simulator, 'GET', '/agents')).status, 200)
  t.equal((await callApi(simulator, 'GET', '/customers/9011')).status, 500)
  t.equal(script.left, 1)
  t.equal((await callApi(simulator, 'GET', '/customers/9011')).status, 200)
  t.equal(script.left, 0)
})

test('faults for ever go on until they are cleared', async (t) => {
  const { simulator } = await startSmallAccount(t)
  const statuses = async () => {
    const replies = [await callApi(simulator, 'GET', '/agents'), await callApi(simulator, 'GET', '/agents')]
    return replies.map((reply) => reply.status)
  }
  const script = simulator.script({ method: 'GET' }, [{ kind: 'status', status: 500 }], { forever: true })
  t.strictSame(await statuses(), [500, 500])
  script.clear()
  t.strictSame(await statuses(), [200, 200])
  simulator.script({}, [{ kind: 'status', status: 403 }], { forever: true })
  t.strictSame(await statuses(), [403, 403])
  simulator.clearFaults()
  t.strictSame(await statuses(), [200, 200])
})

test('a HelpCrunch that is down refuses connections and comes back on the same port', async (t) => {
  const { simulator, put } = await faultyChat(t, { kind: 'none' })
  await simulator.refuseConnections()
  await t.rejects(put(), { cause: { code: 'ECONNREFUSED' } })
  await simulator.acceptConnections()
  t.equal((await put()).status, 200)
})
