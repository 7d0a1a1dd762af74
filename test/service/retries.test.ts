import { test } from 'tap'
import { postJson } from '../support/post-json.ts'
import { insertDecisions, insertEvents } from '../support/rows.ts'
import { rule } from '../support/rules.ts'
import { type Service, shareService, startService, until } from '../support/service.ts'
import { envelope, post } from '../support/webhooks.ts'

const everyNewChat = rule({ conditions: { fact: 'event', operator: 'equal', value: 'chat.new' } })
const routing = shareService({ rules: [everyNewChat] })
/** Nothing works anything off. */
const idle = shareService({ settings: { ROLE: 'web' } })

interface Failure {
  readonly service: Service
  readonly chatId: number
  readonly decisionId: string
  readonly eventId: string
}

/** A chat whose calls to a path failed for days, until its decision was given up; HelpCrunch is well again by now. */
async function withFailure(service: Service, path: string): Promise<Failure> {
  const { simulator, sql, get } = service
  const outage = simulator.script({ path }, [{ kind: 'status', status: 500 }], { forever: true })
  const { id: chatId } = simulator.openChat({ customerId: 9011 })
  await until('the first try', async () => (await sql('SELECT FROM chats WHERE tries > 0')).length > 0)
  // Time is shifted, not waited for.
  await sql("UPDATE chats SET tried_since = now() - interval '4 days'")
  await sql('UPDATE graphile_worker._private_jobs SET run_at = now()')
  await service.drained()
  outage.clear()
  const { body } = await get(`/v1/decisions?outcome=failed&chatId=${chatId}`)
  const { id: decisionId, eventId } = body.data[0]
  return { service, chatId, decisionId, eventId }
}

test('a failed decision that is tried again brings the chat to its department', async (t) => {
  const { service, chatId, decisionId } = await withFailure(await routing(t), '/v1/chats/department')
  const { status, headers, body } = await postJson(service, `/v1/decisions/${decisionId}/retry`)
  t.equal(status, 202)
  t.equal(headers.get('location'), `/v1/decisions/${decisionId}`)
  t.match(body, { id: decisionId, outcome: 'pending', reason: null, department: { to: 10 } })
  await service.drained()
  t.match((await service.get(`/v1/decisions/${decisionId}`)).body, { outcome: 'applied', reason: null })
  t.equal(service.simulator.chat(chatId).departmentId, 10)
  t.strictSame(await service.sql('SELECT tries, tried_since, pending_decision_id FROM chats WHERE id = $1', [chatId]), [
    { tries: 0, tried_since: null, pending_decision_id: null },
  ])
  const again = await postJson(service, `/v1/decisions/${decisionId}/retry`)
  t.match(again, { status: 409, body: { code: 'not_retriable', detail: /outcome is applied/ } })
})

test('a chat that an agent has moved since is left alone by a retry, too', async (t) => {
  const { service, chatId, decisionId } = await withFailure(await routing(t), '/v1/chats/department')
  service.simulator.agentMovesChat(chatId, 30)
  await postJson(service, `/v1/decisions/${decisionId}/retry`)
  await service.drained()
  t.match((await service.get(`/v1/decisions/${decisionId}`)).body, { outcome: 'skipped', reason: 'moved_by_person' })
  t.equal(service.simulator.chat(chatId).departmentId, 30)
})

test('a decision that gave up before it chose anything is taken back, and its event decided anew', async (t) => {
  const { service, chatId, decisionId, eventId } = await withFailure(await startService(t), '/v1/customers/9011')
  t.match((await service.get(`/v1/decisions/${decisionId}`)).body, {
    reason: 'lookup_failed',
    department: { to: null },
  })
  const { status, headers, body } = await postJson(service, `/v1/decisions/${decisionId}/retry`)
  t.equal(status, 202)
  t.equal(headers.get('location'), `/v1/events/${eventId}`)
  t.match(body, { eventId, status: 'waiting' })
  await service.drained()
  const { body: list } = await service.get('/v1/decisions')
  t.match(list.data, [{ eventId, chatId, outcome: 'applied', department: { to: 10 } }])
  t.equal(list.data.length, 1, 'an event has one decision')
})

test('every final outcome but failed stays final', async (t) => {
  const service = await idle(t)
  const outcomes = ['applied', 'unchanged', 'no_match', 'skipped', 'shadow', 'rejected', 'pending']
  const ids = await insertDecisions(
    service,
    outcomes.map((outcome, chatId) => ({ outcome, chatId: chatId + 1 })),
  )
  for (const [index, id] of ids.entries()) {
    const { status, body } = await postJson(service, `/v1/decisions/${id}/retry`)
    t.equal(status, 409)
    t.match(body, { code: 'not_retriable', detail: `outcome is ${outcomes[index]}` })
  }
  t.match(
    (await service.get('/v1/decisions')).body.data.map(({ outcome }: { outcome: string }) => outcome),
    outcomes.toReversed(),
  )
})

test('a failed decision is not tried again when a newer one of the chat has taken over', async (t) => {
  const service = await idle(t)
  for (const [index, outcome] of ['pending', 'applied', 'unchanged'].entries()) {
    const chatId = 600 + index
    const [failed, newer] = await insertDecisions(service, [
      { outcome: 'failed', chatId },
      { outcome, chatId },
    ])
    await service.sql('INSERT INTO chats (id) VALUES ($1)', [chatId])
    const { status, body } = await postJson(service, `/v1/decisions/${failed}/retry`)
    t.equal(status, 409)
    t.match(body.detail, `Decision ${newer} of the same chat has taken over: it is ${outcome}.`)
  }
  const [failed] = await insertDecisions(service, [
    { outcome: 'failed', chatId: 700 },
    { outcome: 'skipped', chatId: 700 },
  ])
  await service.sql('INSERT INTO chats (id) VALUES (700)')
  t.equal((await postJson(service, `/v1/decisions/${failed}/retry`)).status, 202)
  const [chat] = await service.sql<{ pending: number }>(
    'SELECT pending_decision_id::int AS pending FROM chats WHERE id = 700',
  )
  t.equal(chat?.pending, Number(failed))
})

test('what failed while live is not tried again in shadow, where it would end for good', async (t) => {
  const service = await startService(t, { settings: { ROLE: 'web', ROUTER_MODE: 'shadow' } })
  const looking = { outcome: 'failed', rule: null, department: null }
  const ids = await insertDecisions(service, [{ outcome: 'failed' }, looking, { ...looking, chatId: 502 }])
  await service.sql('INSERT INTO chats (id) VALUES (501), (502)')
  await service.sql("UPDATE decisions SET mode = 'shadow' WHERE chat_id = 502")
  const retries = await Promise.all(ids.map((id) => postJson(service, `/v1/decisions/${id}/retry`)))
  const refused = { status: 409, body: { detail: /is in shadow and moves no chat\. .* when it is live\./ } }
  t.match(retries, [refused, refused, { status: 202 }], 'one of the shadow is decided again there')
})

test('a failed move to the default department that is tried again is still one', async (t) => {
  const service = await idle(t)
  const [id] = await insertDecisions(service, [{ outcome: 'failed', rule: null, department: 40, chatId: 800 }])
  await service.sql('INSERT INTO chats (id) VALUES (800)')
  const pending = { outcome: 'pending', reason: 'default_department', rule: null, department: { to: 40 } }
  t.match(await postJson(service, `/v1/decisions/${id}/retry`), { status: 202, body: pending })
  t.match((await service.get(`/v1/decisions/${id}`)).body, pending)
})

test('of a customer who was erased a failed call is tried again, but nothing is decided anew', async (t) => {
  const service = await idle(t)
  const looking = { outcome: 'failed', rule: null, department: null, chatId: 802 }
  const ids = await insertDecisions(service, [{ outcome: 'failed', chatId: 801 }, looking])
  await service.sql('INSERT INTO chats (id) VALUES (801), (802)')
  for (const table of ['decisions', 'webhook_events'])
    await service.sql(`UPDATE ${table} SET erased_at = now() WHERE chat_id IN (801, 802)`)
  const [calling, deciding] = await Promise.all(ids.map((id) => postJson(service, `/v1/decisions/${id}/retry`)))
  t.match(calling, { status: 202, body: { outcome: 'pending' } })
  t.match(deciding, { status: 409, body: { detail: /data was erased, so there is nothing to decide by/ } })
})

test('of many who ask for the same retry at once, one is heard', async (t) => {
  const service = await idle(t)
  const [id] = await insertDecisions(service, [{ outcome: 'failed' }])
  await service.sql('INSERT INTO chats (id) VALUES (501)')
  const replies = await Promise.all(Array.from({ length: 8 }, () => postJson(service, `/v1/decisions/${id}/retry`)))
  t.strictSame(replies.map(({ status }) => status).sort(), [202, ...Array(7).fill(409)])
  const jobs = await service.sql("SELECT FROM graphile_worker.jobs WHERE key = 'apply:501'")
  t.equal(jobs.length, 1)
})

test('an event that was set aside gets another chance', async (t) => {
  const service = await routing(t)
  const { id: chatId } = service.simulator.openChat({ customerId: 9011 })
  await service.drained()
  // As it is when its work has ended its process three times.
  await service.sql('DELETE FROM decisions WHERE chat_id = $1', [chatId])
  await service.sql('UPDATE chats SET routed_department_id = NULL WHERE id = $1', [chatId])
  const [event] = await service.sql<{ id: string }>(
    `UPDATE webhook_events SET status = 'set_aside', problem = 'It ended its process.', starts = 4
    WHERE chat_id = $1 AND type = 'chat.new' RETURNING id`,
    [chatId],
  )
  const { status, headers, body } = await postJson(service, `/v1/events/${event?.id}/retry`)
  t.equal(status, 202)
  t.equal(headers.get('location'), `/v1/events/${event?.id}`)
  t.match(body, { id: event?.id, status: 'waiting', problem: null, finishedAt: null, decisionId: null })
  t.notOk('body' in body, 'the body is on the event itself')
  await service.drained()
  t.match((await service.get(`/v1/events/${event?.id}`)).body, { status: 'done', decisionId: /^\d+$/ })
  const { body: list } = await service.get(`/v1/decisions?chatId=${chatId}`)
  t.match(list.data, [{ chatId, eventId: event?.id, rule: { key: 'german' } }])
})

test('what a customer event tells is learnt, too, when it gets another chance', async (t) => {
  const service = await routing(t)
  await post(service, envelope({ event: 'customer.new', eventData: { id: 9500, name: 'Mia' } }))
  await service.drained()
  await service.sql("UPDATE webhook_events SET status = 'set_aside' WHERE customer_id = 9500")
  await service.sql('DELETE FROM customers WHERE id = 9500')
  const [event] = await service.sql<{ id: string }>('SELECT id FROM webhook_events WHERE customer_id = 9500')
  t.equal((await postJson(service, `/v1/events/${event?.id}/retry`)).status, 202)
  await service.drained()
  t.match((await service.get(`/v1/events/${event?.id}`)).body, { status: 'done', problem: null })
  t.equal((await service.sql('SELECT FROM customers WHERE id = 9500')).length, 1)
})

test('an event that did not say whom it is about is read anew, and says what is still wrong with it', async (t) => {
  const service = await idle(t)
  const bodyOf = (eventData: object, event = 'chat.new') => JSON.stringify({ id: 'x', event, createdAt: 1, eventData })
  await insertEvents(service, [
    { id: 'unusable', status: 'set_aside', chatId: null },
    { id: 'usable', status: 'set_aside', chatId: null },
    { id: 'unheard-of', status: 'set_aside', chatId: null },
  ])
  const write = 'UPDATE webhook_events SET body = $2::bytea WHERE id = $1'
  await service.sql(write, ['unusable', Buffer.from(bodyOf({}))])
  await service.sql(write, ['usable', Buffer.from(bodyOf({ chat_id: 77, customer: 5 }))])
  await service.sql(write, ['unheard-of', Buffer.from(bodyOf({ chat_id: 77 }, 'chat.exploded'))])
  const unknown = await postJson(service, '/v1/events/unheard-of/retry')
  t.match(unknown, { status: 409, body: { detail: 'This event type is not known.' } })
  const refused = await postJson(service, '/v1/events/unusable/retry')
  t.match(refused, { status: 409, body: { detail: /still cannot be used: eventData has no positive whole number/ } })
  t.match((await service.get('/v1/events/unusable')).body, { status: 'set_aside' })
  const accepted = await postJson(service, '/v1/events/usable/retry')
  t.match(accepted, { status: 202, body: { status: 'waiting', chatId: 77, customerId: 5 } })
  t.match((await service.get('/v1/events/usable')).body, { status: 'waiting', chatId: 77 })
})

test('only an event that was set aside is retried', async (t) => {
  const service = await idle(t)
  const statuses = ['waiting', 'done', 'ignored', 'unreadable']
  await insertEvents(
    service,
    statuses.map((status) => ({ id: status, status })),
  )
  for (const status of statuses) {
    const reply = await postJson(service, `/v1/events/${status}/retry`)
    t.match(reply, { status: 409, body: { code: 'not_retriable', detail: `status is ${status};` } }, status)
  }
})

test('what is not there cannot be retried', async (t) => {
  const service = await idle(t)
  t.match(await postJson(service, '/v1/decisions/999/retry'), { status: 404, body: { code: 'not_found' } })
  t.match(await postJson(service, '/v1/events/nobody/retry'), { status: 404, body: { code: 'not_found' } })
  t.match(await postJson(service, '/v1/decisions/first/retry'), { status: 400, body: { errors: [{ pointer: '/id' }] } })
})
