import { test } from 'tap'
import { buildApp } from '../../src/app.ts'
import { A_MINUTE_LATER, rest } from '../support/budget.ts'
import { rule, writeRules } from '../support/rules.ts'
import { startSecondApp } from '../support/second-app.ts'
import { settingsFor, startService, until } from '../support/service.ts'

const everyNewChat = rule({ conditions: { fact: 'event', operator: 'equal', value: 'chat.new' } })
/** A rule for the chats of the application that has the number of its priority. */
const byApplication = (priority: number) =>
  rule({
    key: `rule-${priority}`,
    priority,
    conditions: { fact: 'application', operator: 'equal', value: priority },
  })

test('a call of the budget is free again after 61 s, and no sooner', async (t) => {
  const { simulator, sql, drained } = await startService(t, { rules: [everyNewChat] })
  await sql("UPDATE budget_slots SET used_at = clock_timestamp() - interval '59 s'")
  simulator.openChat({ customerId: 9011 })
  await drained()
  const [first] = await sql<{
    after_s: number
  }>(`SELECT extract(epoch FROM min(a.at) - min(s.used_at))::float8 AS after_s
    FROM attempts a, budget_slots s WHERE s.used_at < a.at`)
  t.ok(Number(first?.after_s) >= 61, `${first?.after_s} s`)
})

test('replicas share one budget: no more calls than allowed, and the rest goes on when it is free again', async (t) => {
  const settings = { HELPCRUNCH_REQUESTS_PER_MINUTE: '12' }
  const service = await startService(t, { rules: [everyNewChat], settings })
  const { simulator, databaseUrl, sql, drained } = service
  const env = { ...settingsFor(simulator, databaseUrl, await writeRules(t, [])), ...settings }
  const others = await Promise.all([1, 2].map(() => buildApp({ env, logger: false })))
  for (const app of others) t.teardown(() => app.close())

  for (let i = 0; i < 20; i++) simulator.openChat({ customerId: 9011 })
  // A move that is looked at first, as on a slow machine, takes two calls: one of the budget may be left over.
  await simulator.waitFor('the whole budget is used', () => simulator.calls.all.length >= 11)
  await until('every chat is decided', async () => {
    const [row] = await sql<{ n: number }>('SELECT count(*)::int AS n FROM decisions')
    return row?.n === 20
  })
  await rest(service)
  await until('the rest waits', async () => {
    const [row] = await sql<{ n: number }>(
      'SELECT count(*)::int AS n FROM graphile_worker.jobs WHERE locked_at IS NULL AND flags IS NOT NULL',
    )
    return row !== undefined && row.n >= 8
  })
  t.ok(simulator.calls.all.length <= 12, 'not one call more')
  const allMoved = () => [...simulator.chats.values()].every(({ departmentId }) => departmentId === 10)
  for (let minute = 1; !allMoved(); minute++) {
    const before = simulator.calls.all.length
    const more = () => simulator.calls.all.length - before
    await sql(A_MINUTE_LATER)
    await until('another budget is used, or the work is done', () => more() >= 11 || allMoved())
    await rest(service)
    t.ok(more() <= 12, `${more()} calls in minute ${minute}`)
  }
  await drained()
  t.equal(simulator.calls.count({ status: 429 }), 0)
})

test('when the budget is short, moves go before look-ups and higher rules first', async (t) => {
  const byTag = (key: string, priority: number) =>
    rule({ key, priority, conditions: { fact: 'application', operator: 'equal', value: priority }, department: 10 })
  const service = await startService(t, {
    rules: [
      byTag('low', 100),
      byTag('middle', 500),
      byTag('high', 900),
      rule({
        key: 'french',
        priority: 50,
        conditions: { fact: 'language', operator: 'equal', value: 'fr' },
        department: 20,
      }),
    ],
    settings: { WORKER_CONCURRENCY: '1', HELPCRUNCH_REQUESTS_PER_MINUTE: '6' },
  })
  const { simulator, drained, sql } = service
  const guest = simulator.addCustomer({ name: 'Marie', locale: 'fr' })
  await sql(`UPDATE budget_slots SET used_at = now()`) // somebody has just used it all
  const lookUp = simulator.openChat({ customerId: guest.id, applicationId: 1 })
  const moves = [100, 900, 500, 100, 900, 500].map((applicationId) => ({
    priority: applicationId,
    id: simulator.openChat({ customerId: 9011, applicationId }).id,
  }))
  await until('all wait for the budget', async () => {
    const [row] = await sql<{ n: number }>(
      'SELECT count(*)::int AS n FROM graphile_worker.jobs WHERE flags IS NOT NULL',
    )
    return row?.n === 7
  })
  t.equal(simulator.calls.all.length, 0)
  const lookUps = () => simulator.calls.count({ path: `/v1/customers/${guest.id}` })
  await sql(A_MINUTE_LATER)
  await until('the budget is used', () => simulator.calls.all.length >= 5)
  await rest(service)
  t.equal(lookUps(), 0, 'what there was, went to moves')
  const isDone = () => simulator.chat(lookUp.id).departmentId === 20
  while (!isDone()) {
    const before = simulator.calls.all.length
    await sql(A_MINUTE_LATER)
    await until(
      'another budget is used, or the work is done',
      () => isDone() || simulator.calls.all.length - before >= 5,
    )
    await rest(service)
  }
  await drained()

  const order = simulator.calls
    .departmentPuts()
    .flatMap(({ chatId }) => moves.find(({ id }) => id === chatId)?.priority ?? [])
  t.strictSame(order, [900, 900, 500, 500, 100, 100])
})

test('when the budget may not do for all that waits, a move that could be made at once waits for its turn', async (t) => {
  const settings = { HELPCRUNCH_REQUESTS_PER_MINUTE: '6' }
  const service = await startService(t, {
    rules: [byApplication(100), byApplication(900)],
    settings: { ROLE: 'web', ...settings },
  })
  const { simulator, sql } = service
  const openChat = async (applicationId: number) => {
    const { id } = simulator.openChat({ customerId: 9011, applicationId })
    await simulator.webhooks.settled()
    return id
  }
  await openChat(100)
  const high = [await openChat(900), await openChat(900)]
  await sql('UPDATE budget_slots SET used_at = now() WHERE slot > 2')
  await startSecondApp(t, service, { ROLE: 'worker', WORKER_CONCURRENCY: '1', ...settings })
  await simulator.waitFor('a move', () => simulator.calls.departmentPuts().length > 0)
  t.ok(high.includes(simulator.calls.departmentPuts()[0]?.chatId ?? 0))
})

test('a move that has failed waits among the others as its rule has it', async (t) => {
  const everyNewChat = rule({ priority: 700, conditions: { fact: 'event', operator: 'exists' } })
  const { simulator, sql } = await startService(t, { rules: [everyNewChat] })
  simulator.script({ method: 'PUT' }, [{ kind: 'status', status: 500 }], { forever: true })
  simulator.openChat({ customerId: 9011 })
  await until('its next try waits', async () => (await sql('SELECT FROM chats WHERE tries > 0')).length > 0)
  t.strictSame(await sql("SELECT priority FROM graphile_worker._private_jobs WHERE key LIKE 'apply:%'"), [
    { priority: -700 },
  ])
})

test('what is left of the budget is kept for moves of higher rules that are not made yet, unless they have failed', async (t) => {
  const service = await startService(t, {
    rules: [byApplication(100), byApplication(900)],
    settings: { HELPCRUNCH_REQUESTS_PER_MINUTE: '3' },
  })
  const { simulator, drained, sql } = service
  await sql('UPDATE budget_slots SET used_at = now()')
  const [low, high] = [100, 900].map((applicationId) => simulator.openChat({ customerId: 9011, applicationId }).id)
  const isWaiting = async () =>
    (await sql("SELECT FROM graphile_worker._private_jobs WHERE key LIKE 'apply:%'")).length === 2
  await until('both have found no budget', isWaiting)
  await sql(`UPDATE chats SET state_seen_at = state_seen_at - interval '61 s'`) // each takes a look and a move
  const underWay = 'SELECT FROM graphile_worker._private_jobs WHERE locked_at IS NOT NULL'
  await until('nobody works who has seen them as fresh', async () => (await sql(underWay)).length === 0)
  const putOff = `UPDATE graphile_worker._private_jobs SET run_at = now() + interval '1 hour'
    WHERE key = 'apply:' || $1 AND locked_at IS NULL RETURNING id`
  await until('the higher one is put off', async () => (await sql(putOff, [high])).length === 1)

  const job = async () => {
    const [row] = await sql<{ id: string }>("SELECT id FROM graphile_worker._private_jobs WHERE key = 'apply:' || $1", [
      low,
    ])
    return row?.id
  }
  const hasTried = async () => {
    const before = await job()
    await until('it was put off again, by a new job', async () => (await job()) !== before)
  }
  await sql(`UPDATE budget_slots SET used_at = 'epoch' WHERE slot <> (SELECT min(slot) FROM budget_slots)`)
  for (let tries = 0; tries < 2; tries++) await hasTried()
  t.equal(simulator.calls.all.length, 0, 'two calls are not enough for it')
  await sql('UPDATE chats SET tries = 1 WHERE id = $1', [high])
  await simulator.waitFor('the lower one is moved', () => simulator.calls.departmentPuts(low).length === 1)
  await sql(A_MINUTE_LATER)
  await sql(`UPDATE graphile_worker._private_jobs SET run_at = now() WHERE key = 'apply:' || $1`, [high])
  await drained()
  t.equal(simulator.calls.departmentPuts(high).length, 1)
})

test('a short budget is not spent on looking at a chat again and again: the look sets the move aside', async (t) => {
  const service = await startService(t, {
    rules: [
      rule({
        events: ['message.chat.customer'],
        conditions: { fact: 'event', operator: 'equal', value: 'message.chat.customer' },
      }),
    ],
    settings: { HELPCRUNCH_REQUESTS_PER_MINUTE: '5' },
  })
  const { simulator, drained, sql } = service
  // A message's webhook does not tell the chat's state, so each chat is looked at before it is moved.
  for (let i = 0; i < 6; i++) simulator.openChat({ customerId: 9011, text: 'Hello' })
  const allMoved = () => [...simulator.chats.values()].every(({ departmentId }) => departmentId === 10)
  for (let before = 0; !allMoved(); await sql(A_MINUTE_LATER)) {
    await until('most of a budget is used', () => allMoved() || simulator.calls.all.length - before >= 4)
    await rest(service)
    before = simulator.calls.all.length
  }
  await drained()
  const looks = simulator.calls.count({ method: 'GET' }) + simulator.calls.count({ method: 'POST' })
  t.ok(looks <= 6, `${looks} looks`)
  t.equal(simulator.calls.count({ method: 'PUT' }), 6)
})

test('a customer is looked up once, for a rule that can still win, and not again until told', async (t) => {
  const { simulator, drained } = await startService(t, {
    rules: [
      rule({
        key: 'widget-2',
        priority: 900,
        conditions: { fact: 'application', operator: 'equal', value: 2 },
        department: 30,
      }),
      rule({ key: 'vip', conditions: { fact: 'tags', operator: 'contains', value: 'vip' }, department: 20 }),
    ],
  })
  const lookUps = () => simulator.calls.count({ method: 'GET', path: '/v1/customers/{id}' })
  simulator.openChat({ customerId: 9011, applicationId: 2 })
  await drained()
  t.equal(lookUps(), 0, 'the first rule won without it')
  for (let i = 0; i < 3; i++) {
    simulator.openChat({ customerId: 9011, applicationId: 1 })
    await drained()
  }
  t.equal(lookUps(), 1, 'three chats later')
  simulator.tagCustomer(9011, 'gold')
  await drained()
  simulator.openChat({ customerId: 9011, applicationId: 1 })
  await drained()
  t.equal(lookUps(), 2, 'after customer.tags_changed')
})
