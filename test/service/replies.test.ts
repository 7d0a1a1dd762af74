import { test } from 'tap'
import { phpJson } from '../../src/sandbox/simulator/php-json.ts'
import { REPLIES, type ReplyClass, withoutLook } from '../support/reply-classes.ts'
import { rule } from '../support/rules.ts'
import { shareService, startService, until } from '../support/service.ts'

/** A rule that needs no look-up, so that the first call is the PUT. */
const everyNewChat = rule({ conditions: { fact: 'event', operator: 'equal', value: 'chat.new' } })
const settings = { HELPCRUNCH_TIMEOUT_MS: '400' }
const oneAtATime = shareService({ rules: [everyNewChat], settings: { WORKER_CONCURRENCY: '1' } })

/** Time is shifted, not waited for. */
const PAUSE_IS_OVER = 'UPDATE helpcrunch_account SET paused_until = now()'

test('each reply to a PUT has its right answer, and each call is a row', async (t) => {
  const { simulator, drained, get } = await startService(t, { rules: [everyNewChat], settings })
  const chats = new Map<number, ReplyClass>()
  simulator.webhooks.pause()
  for (const reply of REPLIES) {
    const { id } = simulator.openChat({ customerId: 9011 })
    simulator.script({ method: 'PUT', path: '/v1/chats/department', chatId: id }, [reply.fault])
    chats.set(id, reply)
  }
  simulator.webhooks.resume()
  await drained()

  const { body } = await get('/v1/decisions?limit=100')
  for (const { id, chatId, outcome } of body.data) {
    const { body: decision } = await get(`/v1/decisions/${id}`)
    const reply = chats.get(chatId)
    const attempts = withoutLook(
      decision.attempts.map(({ method, status }: { method: string; status: number | null }) => [method, status]),
    )
    t.strictSame(
      { outcome, attempts },
      { outcome: reply?.outcome, attempts: reply?.attempts },
      reply?.name ?? 'an unexpected chat',
    )
    t.strictSame(decision.department, { from: null, to: 10 }, `${reply?.name}: it says where the chat was before us`)
    const isComplete = decision.attempts.every((attempt: Record<string, unknown>, index: number) => {
      return (
        attempt.number === index + 1 &&
        attempt.durationMs !== null &&
        (attempt.status === null) === (attempt.body === null)
      )
    })
    t.ok(isComplete, `${reply?.name}: attempts are numbered, timed, and have a body or an error`)
    const first = decision.attempts.find(({ method }: { method: string }) => method === 'PUT')
    const saysItself = first.status !== null && (first.status !== 200 || attempts.length === 1)
    if (!saysItself) t.ok(first.error, `${reply?.name}: says what went wrong`)
  }
  t.equal(body.data.length, REPLIES.length)
  t.ok(
    simulator.calls.all.every(({ path }) => path !== '/v1/agents'),
    'no redirect was followed',
  )
  t.comment(`kinds=${body.data.length}/${REPLIES.length}`)
})

test('a call that failed is not tried again before Retry-After says so', async (t) => {
  const { simulator, sql } = await startService(t, { rules: [everyNewChat] })
  simulator.script({ method: 'PUT' }, [{ kind: 'status', status: 503, headers: { 'retry-after': '600' } }])
  const { id } = simulator.openChat({ customerId: 9011 })
  await until('the first try', async () => (await sql('SELECT FROM chats WHERE tries = 1')).length === 1)
  const isLater = "SELECT run_at > now() + interval '590 s' AS later FROM graphile_worker._private_jobs WHERE key = $1"
  t.strictSame(await sql(isLater, [`apply:${id}`]), [{ later: true }])
})

test('nor is a look-up, whatever else comes about the chat meanwhile', async (t) => {
  const { simulator, sql, drained, get } = await startService(t)
  const { id: customerId } = simulator.addCustomer({ locale: 'de' })
  const path = `/v1/customers/${customerId}`
  simulator.script({ path }, [{ kind: 'status', status: 503, headers: { 'retry-after': '600' } }])
  const { id } = simulator.openChat({ customerId })
  await until('the first try', async () => (await sql('SELECT FROM chats WHERE tries = 1')).length === 1)
  for (let count = 1; count <= 3; count++) {
    simulator.sendMessage(id, 'Hello?')
    await simulator.webhooks.settled()
    await until('nobody works', async () => {
      return (await sql('SELECT FROM graphile_worker.jobs WHERE locked_at IS NOT NULL OR run_at <= now()')).length === 0
    })
  }
  t.equal(simulator.calls.count({ path }), 1)
  t.strictSame(await sql('SELECT tries FROM chats WHERE id = $1', [id]), [{ tries: 1 }])
  await sql('UPDATE graphile_worker._private_jobs SET run_at = now() WHERE flags IS NOT NULL')
  await drained()
  t.match((await get('/v1/decisions')).body.data, [{ outcome: 'applied', rule: { key: 'german' } }])
})

// 403 and all other kinds are met in P10 of the chaos suite, too.
test('how long a call is tried counts from the first try', async (t) => {
  const { simulator, sql } = await startService(t, { rules: [everyNewChat] })
  simulator.script({ method: 'PUT' }, [{ kind: 'status', status: 500 }], { forever: true })
  simulator.openChat({ customerId: 9011 })
  const since = async (tries: number) => {
    const told = () => sql('SELECT tried_since FROM chats WHERE tries >= $1', [tries])
    await until(`${tries} tries`, async () => (await told()).length > 0)
    return told()
  }
  t.strictSame(await since(1), await since(2))
})

test('401 pauses every call, loses nothing, and goes on by itself when the key works again', async (t) => {
  const { simulator, drained, sql, get } = await startService(t, { rules: [everyNewChat] })
  const outage = simulator.script({}, [{ kind: 'status', status: 401 }], { forever: true })
  for (let i = 0; i < 20; i++) simulator.openChat({ customerId: 9011 })
  await simulator.webhooks.settled()
  await until(
    'the pause',
    async () => (await sql('SELECT FROM helpcrunch_account WHERE paused_until > now()')).length > 0,
  )
  const [paused] = await sql<{ pause_reason: string }>('SELECT pause_reason FROM helpcrunch_account')
  t.equal(paused?.pause_reason, 'unauthorized')
  const callsAtPause = simulator.calls.all.length
  t.ok(callsAtPause <= 5, `the pause stopped all but the calls under way (${callsAtPause})`)
  t.strictSame(await sql(`SELECT DISTINCT tries FROM chats`), [{ tries: 0 }], 'no try was used up')

  outage.clear()
  await sql(PAUSE_IS_OVER)
  await drained()
  t.strictSame(await sql('SELECT paused_until, pause_reason, strikes FROM helpcrunch_account'), [
    { paused_until: null, pause_reason: null, strikes: 0 },
  ])
  const { body } = await get('/v1/decisions?outcome=applied&limit=100')
  t.equal(body.data.length, 20)
  t.ok(simulator.calls.count({ status: 401 }) <= callsAtPause + 2, 'the account was probed one call at a time')
})

for (const [name, writeRetryAfter, waitMs] of [
  ['seconds', () => '1', () => 950],
  [
    'a date',
    () => new Date(Date.now() + 3_000).toUTCString(),
    (date: string, at: number) => Date.parse(date) - at - 50,
  ],
] as const) {
  test(`429 with Retry-After as ${name} pauses everybody until then`, async (t) => {
    const { simulator, drained } = await oneAtATime(t)
    simulator.calls.forget()
    const retryAfter = writeRetryAfter()
    simulator.script({}, [{ kind: 'status', status: 429, headers: { 'retry-after': retryAfter } }])
    const chats = [1, 2, 3, 4, 5].map(() => simulator.openChat({ customerId: 9011 }))
    await drained()
    const [throttled, next] = simulator.calls.all
    t.equal(throttled?.status, 429)
    const pausedMs = Number(next?.at) - Number(throttled?.at)
    t.ok(pausedMs >= waitMs(retryAfter, Number(throttled?.at)), `the next call of all came ${pausedMs} ms later`)
    t.ok(chats.every(({ id }) => simulator.chat(id).departmentId === 10))
  })
}

test("a Retry-After that is a date is read by the clock of HelpCrunch's reply", async (t) => {
  const isAhead = { now: () => new Date(Date.now() + 20 * 60_000), switches: { retryAfter: 'date' } } as const
  const { simulator, sql } = await startService(t, { rules: [everyNewChat], simulator: isAhead })
  simulator.spendCalls(120)
  simulator.openChat({ customerId: 9011 })
  const paused = `SELECT extract(epoch FROM paused_until - now())::float8 AS s FROM helpcrunch_account WHERE strikes = 1`
  await until('the pause', async () => (await sql(paused)).length > 0)
  const [{ s = 0 } = {}] = await sql<{ s?: number }>(paused)
  t.ok(s > 50 && s < 62, `${s} s`)
})

test('429 without Retry-After pauses everybody for a back-off that doubles', async (t) => {
  const { simulator, drained, sql } = await oneAtATime(t)
  simulator.script({}, [
    { kind: 'status', status: 429 },
    { kind: 'status', status: 429 },
  ])
  const chats = [1, 2, 3].map(() => simulator.openChat({ customerId: 9011 }))
  const pausedFor = async (strikes: number) => {
    await until(
      `strike ${strikes}`,
      async () => (await sql('SELECT FROM helpcrunch_account WHERE strikes = $1', [strikes])).length > 0,
    )
    const [row] = await sql<{ ms: number }>(
      'SELECT (extract(epoch FROM paused_until - now()) * 1000)::float8 AS ms FROM helpcrunch_account',
    )
    await sql(PAUSE_IS_OVER)
    return row?.ms ?? 0
  }
  const first = await pausedFor(1)
  t.ok(first > 4_000 && first <= 5_000, `${first} ms`)
  const second = await pausedFor(2)
  t.ok(second > 9_000 && second <= 10_000, `${second} ms`)
  await drained()
  t.ok(chats.every(({ id }) => simulator.chat(id).departmentId === 10))
})

test('429 with a Retry-After of no time pauses everybody as one without: else the account would be asked without a pause', async (t) => {
  const { simulator, drained, sql } = await oneAtATime(t)
  for (const retryAfter of ['0', '0.5', new Date(Date.now() - 60_000).toUTCString()]) {
    simulator.script({}, [{ kind: 'status', status: 429, headers: { 'retry-after': retryAfter } }])
    simulator.openChat({ customerId: 9011 })
    const paused = `SELECT FROM helpcrunch_account WHERE paused_until > now() + interval '3 s'`
    await until(`a pause after ${retryAfter}`, async () => (await sql(paused)).length > 0)
    await sql(PAUSE_IS_OVER)
    await drained()
  }
  t.pass('each time')
})

test('a pause ends with the first call that is answered, be that a look-up, and the log says so', async (t) => {
  const lines: Record<string, unknown>[] = []
  const { simulator, drained, sql } = await startService(t, { lines })
  await sql("UPDATE helpcrunch_account SET pause_reason = 'throttled', paused_until = now()")
  simulator.script({}, [{ kind: 'reset' }])
  simulator.openChat({ customerId: 9011, departmentId: 10 }) // it needs no other call than the look-up
  await until('the first call has failed', async () => (await sql('SELECT FROM chats WHERE tries > 0')).length > 0)
  const isPaused = async () => (await sql('SELECT FROM helpcrunch_account WHERE paused_until IS NOT NULL')).length > 0
  const isToldOver = () => lines.some(({ msg }) => msg === 'helpcrunch.resumed')
  t.strictSame([await isPaused(), isToldOver()], [true, false])
  await sql(PAUSE_IS_OVER)
  await drained()
  t.strictSame([await isPaused(), isToldOver()], [false, true])
})

test('a look-up has the same answers: refused leaves the facts unknown, anything passing is tried again', async (t) => {
  const { simulator, drained, get, sql } = await startService(t, { settings })
  const customers = [404, 405, 400, 500, 503].map((code, index) => {
    const customer = simulator.addCustomer({ id: 9100 + index, name: 'Max', locale: 'de' })
    simulator.script(
      { path: `/v1/customers/${customer.id}` },
      Array(code === 404 ? 9 : 1).fill({ kind: 'status', status: code, ...(code < 500 && { body: { errors: [] } }) }),
    )
    return { code, id: customer.id }
  })
  for (const { id } of customers) simulator.openChat({ customerId: id })
  await simulator.waitFor('404', () => simulator.calls.count({ status: 404 }) > 0)
  await sql("UPDATE webhook_events SET received_at = received_at - interval '10 s'") // a customer may only not be there yet
  await drained()
  const { body } = await get('/v1/decisions')
  for (const { code, id } of customers) {
    const decision = body.data.find(({ customerId }: { customerId: number }) => customerId === id)
    t.equal(decision.outcome, code >= 500 ? 'applied' : 'no_match', `${code}`)
    const { attempts } = (await get(`/v1/decisions/${decision.id}`)).body
    t.match(attempts[0], { method: 'GET', status: code, durationMs: Number }, 'the call is told as a row')
  }
})

test('a look-up that the one before it has made needless is not made', async (t) => {
  const both = rule({
    conditions: {
      all: [
        { fact: 'language', operator: 'equal', value: 'de' },
        { fact: 'message', operator: 'includesWord', value: 'refund' },
      ],
    },
  })
  const { simulator, drained, get } = await startService(t, { rules: [both] })
  simulator.openChat({ customerId: simulator.addCustomer({ name: 'Jane', locale: 'en' }).id, text: 'a refund' })
  await drained()
  t.strictSame(
    simulator.calls.all.map(({ method, path }) => `${method} ${path.split('/')[2]}`),
    ['GET customers'],
  )
  t.match((await get('/v1/decisions')).body.data, [{ outcome: 'no_match' }])
})

test('what was not looked up is unknown, not missing, in a decision whose look-up was given up', async (t) => {
  const nobodyKnows = rule({ conditions: { fact: 'language', operator: 'missing' } })
  const { simulator, drained, sql, get } = await startService(t, { rules: [nobodyKnows] })
  const { id } = simulator.addCustomer({ name: 'Mia', locale: 'de' })
  simulator.script({ path: `/v1/customers/${id}` }, [{ kind: 'status', status: 500 }], { forever: true })
  simulator.openChat({ customerId: id })
  await until('the first try', async () => (await sql('SELECT FROM chats WHERE tries > 0')).length > 0)
  await sql("UPDATE chats SET tried_since = now() - interval '80 hours'") // time is shifted, not waited for
  await drained()
  const [decision] = (await get('/v1/decisions')).body.data
  t.match(decision, { outcome: 'failed', reason: 'lookup_failed', rule: null })
  t.match((await get(`/v1/decisions/${decision.id}`)).body.explanation, [{ result: 'unknown' }])
})

test('what a look-up has answered is kept also when the chat was taken over meanwhile', async (t) => {
  const { simulator, sql } = await startService(t)
  const { id: customerId } = simulator.addCustomer({ name: 'Mia' })
  const path = `/v1/customers/${customerId}`
  const answer = Promise.withResolvers<void>()
  simulator.script({ path }, [{ kind: 'hold', until: answer.promise }])
  const { id: chatId } = simulator.openChat({ customerId })
  await simulator.waitFor('the look-up', () => simulator.calls.count({ path }) === 1)
  await sql(`UPDATE chats SET fence = fence + 1 WHERE id = $1`, [chatId])
  answer.resolve()
  const kept = `SELECT status, body::json ->> 'name' AS name FROM attempts WHERE '/v1' || path = $1 AND status IS NOT NULL`
  await until('its reply', async () => (await sql(kept, [path])).length === 1)
  t.strictSame(await sql(kept, [path]), [{ status: 200, name: 'Mia' }])
  t.strictSame(await sql('SELECT FROM decisions'), [])
})

test('what a look-up has answered is kept also when its decision cannot be recorded, and is not asked for again', async (t) => {
  const { simulator, sql, drained } = await startService(t)
  const { id: customerId } = simulator.addCustomer({ name: 'Mia' })
  await sql('ALTER TABLE decisions ADD CONSTRAINT none_for_now CHECK (false) NOT VALID')
  simulator.openChat({ customerId })
  const kept = `SELECT profile ->> 'name' AS name FROM customers WHERE id = $1 AND fetched_at IS NOT NULL`
  await until('the profile', async () => (await sql(kept, [customerId])).length === 1)
  await sql('ALTER TABLE decisions DROP CONSTRAINT none_for_now')
  await drained()
  t.strictSame(await sql("SELECT status FROM attempts WHERE method = 'GET'"), [{ status: 200 }])
  t.match(await sql('SELECT count(*)::int AS decisions FROM decisions'), [{ decisions: 1 }])
})

test('no call waits for a connection while others wait for their replies', async (t) => {
  const { simulator, drained, sql } = await startService(t, {
    rules: [everyNewChat],
    settings: { WORKER_CONCURRENCY: '40' },
  })
  const answer = Promise.withResolvers<void>()
  simulator.script({ method: 'PUT' }, [{ kind: 'hold', until: answer.promise }], { forever: true })
  for (let i = 0; i < 40; i++) simulator.openChat({ customerId: 9011 })
  await simulator.waitFor('all moves', () => simulator.calls.departmentPuts().length === 40)
  answer.resolve()
  await drained()
  t.strictSame(await sql('SELECT error FROM attempts WHERE status IS DISTINCT FROM 200'), [], 'none was given up')
})

test('a reply that echoes the API key is kept without it, also as PHP writes it into JSON', async (t) => {
  const apiKey = 'a/key+of"the/tests='
  const service = await startService(t, {
    rules: [everyNewChat],
    settings: { HELPCRUNCH_API_KEY: apiKey },
    simulator: { apiKey },
  })
  const { simulator, drained, get } = service
  const bodies = [`<pre>Authorization: Bearer ${apiKey}</pre>`, phpJson({ authorization: `Bearer ${apiKey}` })]
  for (const body of bodies) {
    simulator.script({ method: 'PUT', path: '/v1/chats/department' }, [{ kind: 'status', status: 400, body }])
    const { id } = simulator.openChat({ customerId: 9011 })
    await drained()
    const { body: list } = await get(`/v1/decisions?chatId=${id}`)
    const { body: decision } = await get(`/v1/decisions/${list.data[0].id}`)
    const refused = decision.attempts.find(({ status }: { status: number }) => status === 400)
    t.match(refused.body, /Bearer \[API key\]/)
  }
})
