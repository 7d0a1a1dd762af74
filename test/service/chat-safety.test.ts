import { test } from 'tap'
import type { RuleDocument } from '../../src/domain/rule.ts'
import type { Fault } from '../../src/sandbox/simulator/faults.ts'
import { A_MINUTE_LATER, rest } from '../support/budget.ts'
import { rule } from '../support/rules.ts'
import { startSecondApp } from '../support/second-app.ts'
import { type Service, shareService, startService, until } from '../support/service.ts'
import { envelope, post } from '../support/webhooks.ts'

const everyNewChat = rule({ conditions: { fact: 'event', operator: 'equal', value: 'chat.new' } })
const billing = rule({
  key: 'billing',
  priority: 900,
  events: ['message.chat.customer'],
  conditions: { fact: 'message', operator: 'includesWord', value: 'invoice' },
  department: 20,
})

/** The outcomes of a chat's decisions, oldest first. */
async function outcomes({ get }: Service, chatId: number): Promise<unknown[]> {
  const { body } = await get(`/v1/decisions?chatId=${chatId}&limit=100`)
  return body.data.reverse().map(({ eventType, outcome, reason, department }: Record<string, unknown>) => ({
    eventType,
    outcome,
    reason,
    department,
  }))
}

const anyService = shareService({ rules: [everyNewChat, billing] })
const rerouting = shareService({ rules: [everyNewChat, { ...billing, reroute: true }] })
const trial = rule({ key: 'trial', status: 'shadow', priority: 900, department: 30 })
const withSettings = shareService({
  rules: [trial, {}],
  settings: { LEAVE_ASSIGNED: 'false', DEFAULT_DEPARTMENT_ID: '40' },
})

test('a chat that is already there costs no call', async (t) => {
  const service = await anyService(t)
  service.simulator.calls.forget()
  const { id } = service.simulator.openChat({ customerId: 9011, departmentId: 10 })
  await service.drained()
  t.match(await outcomes(service, id), [{ outcome: 'unchanged', department: { from: 10, to: 10 } }])
  t.equal(service.simulator.calls.all.length, 0)
})

test('a chat with an assignee is left alone, unless LEAVE_ASSIGNED=false', async (t) => {
  const service = await anyService(t)
  service.simulator.calls.forget()
  const { id } = service.simulator.openChat({ customerId: 9011, assigneeId: 88 })
  await service.drained()
  t.match(await outcomes(service, id), [{ outcome: 'skipped', reason: 'assigned' }])
  t.equal(service.simulator.calls.all.length, 0)

  const other = await withSettings(t)
  const chat = other.simulator.openChat({ customerId: 9011, assigneeId: 88 })
  await other.drained()
  t.match(await outcomes(other, chat.id), [{ outcome: 'applied' }])
})

test('a chat is routed once: later events move it only by a rule with reroute', async (t) => {
  const service = await anyService(t)
  const { simulator, drained } = service
  const { id } = simulator.openChat({ customerId: 9011 })
  await drained()
  const callsBefore = simulator.calls.all.length
  simulator.sendMessage(id, 'My invoice is wrong')
  await drained()
  t.match(await outcomes(service, id), [{ outcome: 'applied' }, { outcome: 'skipped', reason: 'already_routed' }])
  t.equal(simulator.calls.all.length, callsBefore, 'and nothing was looked up for it')

  const other = await rerouting(t)
  const chat = other.simulator.openChat({ customerId: 9011 })
  await other.drained()
  other.simulator.sendMessage(chat.id, 'My invoice is wrong')
  await other.drained()
  t.match(await outcomes(other, chat.id), [{ outcome: 'applied' }, { outcome: 'applied', department: { to: 20 } }])
  t.equal(other.simulator.chat(chat.id).departmentId, 20)
})

test('of a routed chat nothing is taken for missing that was only not looked up', async (t) => {
  const german = { fact: 'language', operator: 'equal', value: 'de' } as const
  const onMessage = { events: ['message.chat.customer'] } satisfies Partial<RuleDocument>
  const speaksGerman = rule({ key: 'speaks-german', priority: 800, conditions: german, department: 20, ...onMessage })
  const missing = { fact: 'language', operator: 'missing' } as const
  const noLanguage = rule({ key: 'no-language', priority: 700, conditions: missing, department: 30, ...onMessage })
  const rules = [everyNewChat, speaksGerman, noLanguage]
  const { simulator, drained, get } = await startService(t, { rules })
  const { id } = simulator.openChat({ customerId: 9011 })
  await drained()
  simulator.sendMessage(id, 'My invoice is wrong')
  await drained()
  const newest = (await get(`/v1/decisions?chatId=${id}`)).body.data[0]
  t.match(newest, { outcome: 'skipped', reason: 'already_routed', rule: null, department: { to: null } })
  const { body } = await get(`/v1/decisions/${newest.id}`)
  t.match(
    body.explanation.filter(({ rule: key }: { rule: string }) => key !== everyNewChat.key),
    [
      { rule: 'speaks-german', result: 'unknown' },
      { rule: 'no-language', result: 'unknown' },
    ],
  )
  t.strictSame(
    simulator.calls.all.map(({ method }) => method),
    ['PUT'],
  )
})

test('an event that no live rule listens to is ignored without a call; a new chat always gets a decision', async (t) => {
  const service = await startService(t, { rules: [rule({ status: 'disabled' })] })
  const { id } = service.simulator.openChat({ customerId: 9011, text: 'Hi' })
  await service.drained()
  const { body } = await service.get(`/v1/events?chatId=${id}`)
  t.strictSame(
    body.data.map(({ type, status }: { type: string; status: string }) => [type, status]).sort(),
    [['chat.new', 'done'], ['message.chat.customer', 'ignored']], // biome-ignore format: one line
  )
  t.match(await outcomes(service, id), [{ eventType: 'chat.new', outcome: 'no_match', reason: null }])
  t.equal(service.simulator.calls.all.length, 0)
})

test('what nothing matched goes to DEFAULT_DEPARTMENT_ID, by no rule', async (t) => {
  const service = await withSettings(t)
  const customer = service.simulator.addCustomer({ name: 'Jane', locale: 'en' })
  const { id } = service.simulator.openChat({ customerId: customer.id })
  await service.drained()
  t.match(await outcomes(service, id), [{ outcome: 'applied', reason: 'default_department', department: { to: 40 } }])
  const { body } = await service.get(`/v1/decisions?chatId=${id}`)
  t.equal(body.data[0].rule, null)
})

test('where a chat was is told also when only a look before its move has shown it', async (t) => {
  const service = await anyService(t)
  const { simulator, drained } = service
  simulator.webhooks.sendTo(`${service.url}/webhooks/helpcrunch`, ['message.chat.customer'])
  for (const [departmentId, outcome] of [
    [30, 'applied'],
    [20, 'unchanged'],
  ] as const) {
    const { id } = simulator.openChat({ customerId: 9011, departmentId, text: 'my invoice' })
    await drained()
    t.match(await outcomes(service, id), [{ outcome, department: { from: departmentId, to: 20 } }])
  }
  simulator.webhooks.sendTo(`${service.url}/webhooks/helpcrunch`)
})

test('what HelpCrunch had to send again is looked at before it is moved', async (t) => {
  const service = await anyService(t)
  const { simulator, drained } = service
  simulator.webhooks.sendTo(`${service.url}/webhooks/helpcrunch`, ['customer.new'])
  const { id } = simulator.openChat({ customerId: 9011 })
  simulator.agentMovesChat(id, 30)
  const eventData = { chat_id: id, status: 'new', department: null, assignee: null, customer: { id: 9011 } }
  await post(service, envelope({ eventData, attempts: 1 }))
  await drained()
  t.match(await outcomes(service, id), [{ outcome: 'skipped', reason: 'moved_by_person' }])
  simulator.webhooks.sendTo(`${service.url}/webhooks/helpcrunch`)
})

/** Some of them are forms of a time that nobody has met; the last one is of a day to come. */
const NO_TIMES = [undefined, null, 'soon', '2026-11-29 10:00:00', 1e15, Math.floor(Date.now() / 1_000) + 3 * 86_400]

test('what does not tell when it happened is looked at before it is moved: nobody knows how late it came', async (t) => {
  const service = await anyService(t)
  const { simulator, drained } = service
  simulator.webhooks.sendTo(`${service.url}/webhooks/helpcrunch`, ['customer.new'])
  for (const createdAt of NO_TIMES) {
    const { id } = simulator.openChat({ customerId: 9011 })
    simulator.agentMovesChat(id, 30)
    const eventData = { chat_id: id, status: 'new', department: null, assignee: null, customer: { id: 9011 } }
    await post(service, envelope({ eventData, createdAt }))
    await drained()
    t.match(await outcomes(service, id), [{ outcome: 'skipped', reason: 'moved_by_person' }], String(createdAt))
  }
  simulator.webhooks.sendTo(`${service.url}/webhooks/helpcrunch`)
})

test("a reply about somebody else's customer is not believed", async (t) => {
  const service = await startService(t, { rules: [{}] })
  const { simulator, drained } = service
  const customer = simulator.addCustomer({ id: 9100, name: 'Marie', locale: 'fr' })
  simulator.script({ path: '/v1/customers/9100' }, [{ kind: 'wrong_body', body: { id: 1, locale: 'de', tags: [] } }])
  const { id } = simulator.openChat({ customerId: customer.id })
  await drained()
  t.match(await outcomes(service, id), [{ outcome: 'no_match' }])
  t.equal(simulator.calls.count({ path: '/v1/customers/9100' }), 2, 'it was asked for again')
})

/** Makes a chat whose PUT fails once, so that somebody can be faster; `act` is what happens meanwhile. */
async function whileWaiting(
  service: Service,
  act: (chatId: number) => void,
  fault: Fault = { kind: 'status', status: 500 },
): Promise<number> {
  const { simulator, sql } = service
  simulator.script({ method: 'PUT', path: '/v1/chats/department' }, [fault])
  const { id } = simulator.openChat({ customerId: 9011 })
  await until('the first try', async () => (await sql('SELECT FROM chats WHERE tries = 1')).length > 0)
  act(id)
  await service.drained()
  return id
}

test('a chat that a person moved while it waited is left alone', async (t) => {
  const service = await anyService(t)
  const id = await whileWaiting(service, (chatId) => service.simulator.agentMovesChat(chatId, 30))
  t.match(await outcomes(service, id), [
    { outcome: 'skipped', reason: 'moved_by_person', department: { from: 30, to: 10 } },
  ])
  t.equal(service.simulator.chat(id).departmentId, 30)
})

test('a chat that an agent brought there before any move of ours was not moved by us, whatever was looked up', async (t) => {
  const service = await withSettings(t)
  const { simulator, sql, drained } = service
  const { id: customerId } = simulator.addCustomer({ name: 'Max', locale: 'de' })
  await sql("UPDATE budget_slots SET used_at = CASE slot WHEN 1 THEN 'epoch' ELSE now() END") // for the look-up alone
  const { id } = simulator.openChat({ customerId })
  await until('it is decided', async () => (await sql("SELECT FROM decisions WHERE outcome = 'pending'")).length === 1)
  await rest(service) // who decides also tries to move, and may see the chat's state once more
  simulator.agentMovesChat(id, 10)
  await sql("UPDATE chats SET state_seen_at = state_seen_at - interval '61 s'")
  await sql(A_MINUTE_LATER)
  await drained()
  t.match(await outcomes(service, id), [{ outcome: 'unchanged' }])
})

test('a chat that was closed while it waited is left alone', async (t) => {
  const service = await anyService(t)
  const id = await whileWaiting(service, (chatId) => service.simulator.closeChat(chatId))
  t.match(await outcomes(service, id), [{ outcome: 'skipped', reason: 'closed' }])
})

test('a chat that was moved, and closed before the lost reply was asked for again, has been moved', async (t) => {
  const service = await anyService(t)
  const lost = { kind: 'reset', applied: true } as const
  const id = await whileWaiting(service, (chatId) => service.simulator.closeChat(chatId), lost)
  t.match(await outcomes(service, id), [{ outcome: 'applied', reason: null, department: { from: null, to: 10 } }])
})

test('the call that a look has set aside for its move is given back when there is none', async (t) => {
  const service = await anyService(t)
  await service.sql('DELETE FROM attempts')
  await service.sql("UPDATE budget_slots SET used_at = 'epoch'")
  await whileWaiting(service, (chatId) => {
    service.simulator.script({ method: 'GET', chatId }, [{ kind: 'status', status: 500 }])
    service.simulator.closeChat(chatId)
  })
  t.equal(service.simulator.calls.count({ method: 'GET', status: 500 }), 1, 'the first look fails')
  const [counts] = await service.sql<{ made: number; taken: number }>(COUNTS)
  t.equal(counts?.taken, counts?.made)
})

/** How many calls were made, and how many the budget has counted. */
const COUNTS = `SELECT (SELECT count(*)::int FROM attempts) AS made,
  (SELECT count(*)::int FROM budget_slots WHERE used_at > 'epoch') AS taken`

test('a chat that an agent took while it waited is left alone', async (t) => {
  const service = await anyService(t)
  const id = await whileWaiting(service, (chatId) => service.simulator.agentTakesChat(chatId, 89))
  t.match(await outcomes(service, id), [{ outcome: 'skipped', reason: 'assigned' }])
})

test('a routed chat that a person moved is not moved back, even by a rule with reroute', async (t) => {
  const service = await rerouting(t)
  const { simulator, drained } = service
  const { id } = simulator.openChat({ customerId: 9011 })
  await drained()
  simulator.agentMovesChat(id, 30)
  simulator.sendMessage(id, 'My invoice is wrong')
  await drained()
  t.match(await outcomes(service, id), [{ outcome: 'applied' }, { outcome: 'skipped', reason: 'moved_by_person' }])
  t.equal(simulator.chat(id).departmentId, 30)
})

test('where a call has moved the chat whose reply was lost is no choice of a person, to a newer decision either', async (t) => {
  const service = await rerouting(t)
  const { simulator } = service
  const lost = { kind: 'reset', applied: true } as const
  const id = await whileWaiting(service, (chatId) => simulator.sendMessage(chatId, 'My invoice is wrong'), lost)
  t.match(await outcomes(service, id), [
    { outcome: 'skipped', reason: 'already_routed' },
    { outcome: 'applied', department: { from: 10, to: 20 } },
  ])
  t.equal(simulator.chat(id).departmentId, 20)
})

// That our own moves cause no others, and that fights stop, is P7 of the chaos suite.

test('ROUTER_MODE=shadow records what would have been done, and changes nothing at HelpCrunch', async (t) => {
  const service = await startService(t, { settings: { ROUTER_MODE: 'shadow' } })
  const { id } = service.simulator.openChat({ customerId: 9011 })
  await service.drained()
  t.match(await outcomes(service, id), [{ outcome: 'shadow', department: { from: null, to: 10 } }])
  t.match((await service.get('/v1/decisions')).body.data[0], { mode: 'shadow', rule: { key: 'german' } })
  t.equal(service.simulator.calls.count({ method: 'PUT' }), 0)
  t.equal(service.simulator.chat(id).departmentId, null)
})

test('in shadow mode, too, a chat is routed once, and nothing is looked up for what could not move it', async (t) => {
  const onMessage = { events: ['message.chat.customer'], priority: 900 } satisfies Partial<RuleDocument>
  const german = rule({ ...onMessage, key: 'speaks-german', department: 20 })
  const cancel = rule({
    ...{ ...onMessage, key: 'cancel', department: 30, reroute: true },
    conditions: { fact: 'message', operator: 'includesWord', value: 'cancel' },
  })
  const settings = { ROUTER_MODE: 'shadow', DEFAULT_DEPARTMENT_ID: '40' }
  const service = await startService(t, { rules: [everyNewChat, german, { ...cancel, status: 'shadow' }], settings })
  const { simulator, drained } = service
  const { id } = simulator.openChat({ customerId: 9011 })
  await drained()
  simulator.sendMessage(id, 'My invoice is wrong')
  await drained()
  t.match(await outcomes(service, id), [
    { outcome: 'shadow', department: { to: 10 } },
    { outcome: 'skipped', reason: 'already_routed' },
  ])
  t.equal(simulator.calls.all.length, 0)

  const other = await startService(t, { rules: [everyNewChat, cancel], settings })
  const chat = other.simulator.openChat({ customerId: 9011 })
  await other.drained()
  other.simulator.sendMessage(chat.id, 'Please cancel it')
  await other.drained()
  t.match(await outcomes(other, chat.id), [
    { outcome: 'shadow', department: { to: 10 } },
    { outcome: 'shadow', department: { to: 30 } },
  ])
})

test('what was still pending when the service went into shadow is not carried out', async (t) => {
  const live = await startService(t, { rules: [everyNewChat] })
  const { simulator, sql } = live
  const outage = simulator.script({ method: 'PUT' }, [{ kind: 'status', status: 500 }], { forever: true })
  const { id } = simulator.openChat({ customerId: 9011 })
  await until('the first try', async () => (await sql('SELECT FROM chats WHERE tries > 0')).length > 0)
  await live.app.close()
  const tried = simulator.calls.departmentPuts().length
  outage.clear()
  await startSecondApp(t, live, { ROUTER_MODE: 'shadow' })
  await live.drained()
  t.strictSame(await sql('SELECT chat_id::int, outcome FROM decisions'), [{ chat_id: id, outcome: 'shadow' }])
  t.equal(simulator.calls.departmentPuts().length, tried, 'no more than before')
})

test('a shadow rule is recorded and never acted on', async (t) => {
  const service = await withSettings(t)
  const { id } = service.simulator.openChat({ customerId: 9011 })
  await service.drained()
  t.equal(service.simulator.chat(id).departmentId, 10)
  const { body } = await service.get(`/v1/decisions?chatId=${id}`)
  const { body: decision } = await service.get(`/v1/decisions/${body.data[0].id}`)
  t.match(decision.explanation, [
    { rule: 'trial', status: 'shadow', result: 'match' },
    { rule: 'german', result: 'match' },
  ])
})
