import { setTimeout as sleep } from 'node:timers/promises'
import { type Test, test } from 'tap'
import type { SimulatorSwitches } from '../../src/sandbox/simulator/switches.ts'
import { A_MINUTE_LATER, rest } from '../support/budget.ts'
import { FORBIDDEN, isPaused, PAUSE_IS_OVER, triesOf, untilPaused } from '../support/forbidden.ts'
import { rule } from '../support/rules.ts'
import { type Service, startService, until } from '../support/service.ts'

const everyNewChat = rule({ conditions: { fact: 'event', operator: 'equal', value: 'chat.new' } })
const CHATS = 12
const STALE = `UPDATE chats SET state_seen_at = state_seen_at - interval '61 s'`

interface Backlog extends Service {
  /** Of different customers, each waiting for its move to department 10 after the budget was used up. */
  readonly chatIds: readonly number[]
  /** Gives the budget back and waits until all moves are made; gives the calls for it. */
  work(): Promise<{ looks: number; searches: number; puts: number }>
  /** The outcome of a chat's decision, with its reason. */
  outcomeOf(chatId: number): Promise<string>
}

/** Unless told otherwise, one chat was moved before they came: a search has to show it. */
async function startBacklog(
  t: Test,
  switches: Partial<SimulatorSwitches> = {},
  { hasWitness = true, lines = [] }: { hasWitness?: boolean; lines?: Record<string, unknown>[] } = {},
): Promise<Backlog> {
  const settings = { HELPCRUNCH_REQUESTS_PER_MINUTE: '60' }
  const service = await startService(t, { rules: [everyNewChat], settings, simulator: { switches }, lines })
  const { simulator, sql, drained, get } = service
  if (hasWitness) simulator.openChat({ customerId: 9011 })
  await drained()
  await sql('UPDATE budget_slots SET used_at = now()')
  const customers = Array.from({ length: CHATS }, (_, index) => simulator.addCustomer({ name: `Customer ${index}` }))
  const chatIds = customers.map(({ id }) => simulator.openChat({ customerId: id }).id)
  await until('all wait for their moves', async () => {
    return (await sql("SELECT FROM decisions WHERE outcome = 'pending'")).length === CHATS
  })
  await rest(service)
  await sql(STALE)
  simulator.calls.forget()
  return {
    ...service,
    chatIds,
    async work() {
      await sql(A_MINUTE_LATER)
      await drained()
      const { calls } = simulator
      const used = await sql("SELECT FROM budget_slots WHERE used_at > now() - interval '60 s'")
      t.equal(used.length, calls.all.length, 'the budget counts no call that was not made')
      const puts = calls.departmentPuts().length
      return { looks: calls.count({ method: 'GET' }), searches: calls.count({ method: 'POST' }), puts }
    },
    async outcomeOf(chatId) {
      const { body } = await get(`/v1/decisions?chatId=${chatId}`)
      const [{ outcome, reason }] = body.data.filter(({ eventType }: { eventType: string }) => eventType === 'chat.new')
      return reason === null ? outcome : `${outcome}: ${reason}`
    },
  }
}

test('chats that wait for their moves are looked at together, and each goes where it should now', async (t) => {
  const { simulator, chatIds, work, outcomeOf } = await startBacklog(t)
  const [moved = 0, closed = 0, assigned = 0, there = 0, ...others] = chatIds
  simulator.agentMovesChat(moved, 40)
  simulator.closeChat(closed)
  simulator.agentTakesChat(assigned, 88)
  simulator.agentMovesChat(there, 10)
  const { looks, searches, puts } = await work()
  t.ok(searches > 0)
  t.ok(looks + searches <= CHATS / 2, `${looks} looks and ${searches} searches for ${CHATS} chats`)
  t.equal(puts, others.length)
  t.equal(await outcomeOf(moved), 'skipped: moved_by_person')
  t.equal(await outcomeOf(closed), 'skipped: closed')
  t.equal(await outcomeOf(assigned), 'skipped: assigned')
  t.equal(await outcomeOf(there), 'unchanged')
  for (const id of others) t.equal(await outcomeOf(id), 'applied')
})

test('a look for many waits for seconds, if need be, until moves of some of them can follow', async (t) => {
  const { simulator, sql, drained } = await startBacklog(t)
  const startedAt = Date.now()
  // Five calls are free, enough for a look and some moves; all others are after three more seconds.
  await sql(`UPDATE budget_slots SET used_at = now() - interval '1 s' * CASE WHEN slot <= 5 THEN 70 ELSE 58 END`)
  await drained()
  const [first] = simulator.calls.all
  t.equal(first?.method, 'POST')
  t.ok(Number(first?.at) - startedAt >= 2_500)
})

test('what a search has shown does not count once the moves before have taken long', async (t) => {
  const { simulator, chatIds, work, outcomeOf } = await startBacklog(t)
  const { departmentPuts } = simulator.calls
  const answer = Promise.withResolvers<void>()
  t.teardown(answer.resolve)
  simulator.script({ method: 'PUT' }, Array(2).fill({ kind: 'hold', until: answer.promise }))
  const working = work()
  await simulator.waitFor('both workers make a move', () => departmentPuts().length === 2)
  const next = chatIds.find((id) => departmentPuts(id).length === 0) ?? 0
  simulator.agentMovesChat(next, 40)
  await sleep(300) // longer than what a search has shown counts for
  answer.resolve()
  await working
  t.equal(await outcomeOf(next), 'skipped: moved_by_person')
})

test('before anything was moved, one chat is looked at by itself, and the others wait until its move can be searched for', async (t) => {
  const { simulator, work } = await startBacklog(t, {}, { hasWitness: false })
  t.match(await work(), { looks: 1, puts: CHATS })
  const [first, second] = simulator.calls.all
  t.strictSame([first?.method, second?.method], ['GET', 'PUT'])
})

test('nor does a move of more than two minutes ago show that searches are up to date', async (t) => {
  const { simulator, work } = await startBacklog(t)
  const now = performance.now.bind(performance)
  t.intercept(performance, 'now', { value: () => now() + 121_000 }) // time is shifted, not waited for
  t.match(await work(), { looks: 1, puts: CHATS })
  t.equal(simulator.calls.all[0]?.method, 'GET')
})

test('when that chat is not to be moved, the others are looked at one by one', async (t) => {
  const { simulator, chatIds, work } = await startBacklog(t, {}, { hasWitness: false })
  for (const id of chatIds) simulator.closeChat(id)
  t.strictSame(await work(), { looks: CHATS, searches: 0, puts: 0 })
})

test('when the look at that chat takes long, the others do not wait for it', async (t) => {
  const { simulator, work } = await startBacklog(t, {}, { hasWitness: false })
  const answer = Promise.withResolvers<void>()
  t.teardown(answer.resolve)
  simulator.script({ method: 'GET' }, [{ kind: 'hold', until: answer.promise }])
  const working = work()
  await simulator.waitFor('all others are moved', () => simulator.calls.departmentPuts().length === CHATS - 1)
  answer.resolve()
  t.match(await working, { puts: CHATS })
})

test('a search that still shows an old department is not believed, and not made again', async (t) => {
  const { simulator, chatIds, work, outcomeOf } = await startBacklog(t, { searchLagMs: 60_000 })
  const [moved = 0] = chatIds
  simulator.agentMovesChat(moved, 40)
  t.strictSame(await work(), { looks: CHATS, searches: 1, puts: CHATS - 1 })
  t.equal(await outcomeOf(moved), 'skipped: moved_by_person')
})

test('without a search that can be used, each chat is looked at by itself', async (t) => {
  for (const chatSearch of ['refused', 'ignores_filter'] as const) {
    const { simulator, work } = await startBacklog(t, { chatSearch })
    // So many newer ones that a search for nobody's chats in particular does not show those that wait.
    if (chatSearch === 'ignores_filter') {
      simulator.webhooks.sendTo([])
      for (let i = 0; i < 100; i++) simulator.openChat({ customerId: 9011 })
    }
    t.strictSame(await work(), { looks: CHATS, searches: 1, puts: CHATS }, chatSearch)
  }
})

test('of a search, only the states of the chats are kept, with the event that asked', async (t) => {
  const { sql, work } = await startBacklog(t)
  await work()
  const [search] = await sql<{ path: string; body: string; chat_id: string }>(
    `SELECT a.path, a.body, e.chat_id FROM attempts a JOIN webhook_events e ON e.seq = a.event_seq
    WHERE a.method = 'POST' ORDER BY a.id LIMIT 1`,
  )
  t.equal(search?.path, '/chats/search')
  t.equal(JSON.parse(search?.body ?? '')[0].id, Number(search?.chat_id), 'its own chat first, as a long body is cut')
  for (const chat of JSON.parse(search?.body ?? '')) {
    t.match(chat, { id: Number, status: 'empty' })
    t.strictSame(Object.keys(chat), ['id', 'status', 'departmentId', 'assigneeId'])
  }
})

test('a search that fails, or that the key is not allowed, keeps nobody: each chat is looked at by itself', async (t) => {
  for (const status of [503, 403]) {
    const lines: Record<string, unknown>[] = []
    const { simulator, work } = await startBacklog(t, {}, { lines })
    simulator.script({ method: 'POST' }, [{ kind: 'status', status }])
    t.strictSame(await work(), { looks: CHATS, searches: 1, puts: CHATS }, String(status))
    t.notOk(
      lines.some(({ msg }) => msg === 'helpcrunch.paused'),
      'no call waited for it',
    )
  }
})

test('who may look at many chats may look: a 403 for one of them is about that chat', async (t) => {
  const service = await startBacklog(t)
  const { simulator, sql, chatIds } = service
  const [own = 0] = chatIds
  await sql("UPDATE graphile_worker._private_jobs SET run_at = now() + interval '1 h' WHERE key <> $1", [
    `apply:${own}`,
  ])
  simulator.script({ method: 'PUT', chatId: own }, [{ kind: 'status', status: 503 }])
  await sql(A_MINUTE_LATER)
  await until('its move has failed', async () => (await triesOf(service, own)) === 1) // so it is looked at by itself
  simulator.script({ method: 'GET', chatId: own }, [...FORBIDDEN], { forever: true })
  await untilPaused(service, 1)
  await sql('UPDATE graphile_worker._private_jobs SET run_at = now() WHERE key <> $1', [`apply:${own}`])
  await sql(PAUSE_IS_OVER)
  await until('the others are moved', () => simulator.calls.departmentPuts().length === CHATS)
  t.ok(simulator.calls.count({ method: 'POST' }) > 0)
  t.equal(simulator.calls.count({ method: 'GET', status: 200 }), 1, 'none of the others was looked at by itself')
  await sql('UPDATE graphile_worker._private_jobs SET run_at = now() WHERE locked_at IS NULL')
  await simulator.waitFor('its next look', () => simulator.calls.count({ status: 403 }) === 2)
  await rest(service)
  t.equal(await triesOf(service, own), 2)
  t.equal(await isPaused(service), false)
})

test('a search that is throttled pauses everybody, as every call does, and the chats go on together', async (t) => {
  const { simulator, work, sql } = await startBacklog(t)
  simulator.script({ method: 'POST' }, [{ kind: 'status', status: 429 }])
  const working = work()
  await paused(sql, 'throttled')
  t.match(await working, { puts: CHATS })
})

test('a search that is answered 401 pauses everybody once; afterwards each chat is looked at by itself', async (t) => {
  const { simulator, work, sql } = await startBacklog(t)
  simulator.script({ method: 'POST' }, Array(CHATS).fill({ kind: 'status', status: 401 }))
  const working = work()
  await paused(sql, 'unauthorized')
  t.match(await working, { looks: CHATS, searches: 1, puts: CHATS })
})

/** Waits for the pause, and ends it. */
async function paused(sql: Service['sql'], reason: string): Promise<void> {
  await until('the account is paused', async () => {
    return (await sql('SELECT FROM helpcrunch_account WHERE pause_reason = $1', [reason])).length === 1
  })
  await sql('UPDATE helpcrunch_account SET paused_until = clock_timestamp()')
}
