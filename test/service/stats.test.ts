import { test } from 'tap'
import type { RuleDocument } from '../../src/domain/rule.ts'
import { insertDecisions, insertEvents } from '../support/rows.ts'
import { rule } from '../support/rules.ts'
import { shareService, startService } from '../support/service.ts'
import { envelope, post } from '../support/webhooks.ts'

/** Nothing works anything off: what is counted is what a test has put there. */
const anyService = shareService({ settings: { ROLE: 'web', HELPCRUNCH_REQUESTS_PER_MINUTE: '5' } })

test('decisions are counted per outcome, department, rule and hour, the most frequent first', async (t) => {
  const service = await anyService(t)
  await insertDecisions(service, [
    { decidedAt: '2026-03-02T08:59:59Z' },
    { decidedAt: '2026-03-02T09:00:00Z' },
    { decidedAt: '2026-03-02T09:30:00Z', outcome: 'unchanged' },
    { decidedAt: '2026-03-02T11:00:00Z', rule: 'vip', department: 20, outcome: 'unchanged' },
    { decidedAt: '2026-03-02T11:10:00Z', rule: null, department: null, outcome: 'no_match' },
    { decidedAt: '2026-03-02T12:00:00Z' },
  ])
  const { status, body } = await service.get('/v1/stats?from=2026-03-02T10:00:00%2B01:00&to=2026-03-02T12:00:00Z')
  t.equal(status, 200)
  t.match(body, { from: '2026-03-02T09:00:00.000Z', to: '2026-03-02T12:00:00.000Z', decisions: 4 })
  t.strictSame(body.outcomes, [
    { outcome: 'unchanged', count: 2 },
    { outcome: 'applied', count: 1 },
    { outcome: 'no_match', count: 1 },
  ])
  t.strictSame(body.departments, [
    { department: 10, count: 2 },
    { department: 20, count: 1 },
    { department: null, count: 1 },
  ])
  t.strictSame(body.rules, [
    { rule: 'german', count: 2 },
    { rule: 'vip', count: 1 },
    { rule: null, count: 1 },
  ])
  t.strictSame(body.hours, [
    { hour: '2026-03-02T09:00:00.000Z', count: 2 },
    { hour: '2026-03-02T11:00:00.000Z', count: 2 },
  ])
})

test('the last 24 hours are counted unless told otherwise', async (t) => {
  const service = await anyService(t)
  const ago = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString()
  await insertDecisions(service, [{ decidedAt: ago(25) }, { decidedAt: ago(23) }])
  const { body } = await service.get('/v1/stats')
  t.equal(body.decisions, 1)
  t.equal(Date.parse(body.to) - Date.parse(body.from), 24 * 3_600_000)
})

test('the 24 hours do not begin before the first moment that there is', async (t) => {
  const service = await anyService(t)
  const { status, body } = await service.get('/v1/stats?to=0001-01-01T12:00:00Z')
  t.equal(status, 200)
  t.match(body, { from: '0001-01-01T00:00:00.000Z', to: '0001-01-01T12:00:00.000Z', decisions: 0 })
})

test('a range that ends before it begins, or is no range, is refused', async (t) => {
  const service = await anyService(t)
  const asked = async (query: string) => {
    const { status, body } = await service.get(`/v1/stats?${query}`)
    return [status, ...body.errors.map(({ pointer }: { pointer: string }) => pointer)]
  }
  t.strictSame(await asked('from=2026-03-02T10:00:00Z&to=2026-03-02T10:00:00Z'), [400, '/from'])
  t.strictSame(await asked('from=yesterday&hours=3'), [400, '/hours', '/from'])
})

test('the depth of the queue is what waits: events, decisions, jobs', async (t) => {
  const service = await anyService(t)
  t.match((await service.get('/v1/stats')).body.queue, {
    waitingEvents: 0,
    oldestWaitingMs: null,
    pendingDecisions: 0,
    readyJobs: 0,
  })
  await insertEvents(service, [
    { id: 'old', status: 'waiting' },
    { id: 'new', status: 'waiting' },
    { id: 'done', status: 'done' },
  ])
  await service.sql("UPDATE webhook_events SET received_at = now() - interval '1 min' WHERE id = 'old'")
  await service.sql('INSERT INTO chats (id, pending_decision_id) VALUES (501, 1), (502, NULL)')
  await service.sql(
    `SELECT graphile_worker.add_job('decide_events'), graphile_worker.add_job('later', run_at := now() + '1 h'),
      graphile_worker.add_job('under_way', job_key := 'under way')`,
  )
  await service.sql("UPDATE graphile_worker._private_jobs SET locked_at = now() WHERE key = 'under way'")
  const { queue } = (await service.get('/v1/stats')).body
  t.match(queue, { waitingEvents: 2, pendingDecisions: 1, readyJobs: 1 })
  t.ok(queue.oldestWaitingMs >= 60_000 && queue.oldestWaitingMs < 120_000, String(queue.oldestWaitingMs))
})

test('the budget says how much of it is used, and until when and why no call is made', async (t) => {
  const service = await anyService(t)
  await service.sql("UPDATE budget_slots SET used_at = now() - interval '61 s' * greatest(0, slot - 2)")
  const idle = { limit: 5, used: 2, pausedUntil: null, pauseReason: null }
  t.strictSame((await service.get('/v1/stats')).body.budget, idle)
  const until = '2100-01-01T00:00:00.000Z'
  await service.sql("UPDATE helpcrunch_account SET paused_until = $1, pause_reason = 'unauthorized'", [until])
  const paused = { ...idle, pausedUntil: until, pauseReason: 'unauthorized' }
  t.strictSame((await service.get('/v1/stats')).body.budget, paused)
  await service.sql("UPDATE helpcrunch_account SET paused_until = now() - interval '1 s'")
  t.strictSame((await service.get('/v1/stats')).body.budget, idle, 'a pause that is over holds nothing back')
})

test('a shadow rule is compared with what happened', async (t) => {
  const shadow = rule({ key: 'shadow', status: 'shadow', priority: 900, department: 20 })
  const service = await startService(t, { rules: [{}, shadow, { ...shadow, key: 'late', priority: 1 }] })
  service.simulator.openChat({ customerId: 9011 })
  await service.drained()
  const { body } = await service.get('/v1/stats')
  t.strictSame(body.shadow, {
    decisions: 1,
    rules: [
      { rule: 'shadow', matched: 1, wouldHaveWon: 1, agreed: 0, differed: 1, unknown: 0 },
      { rule: 'late', matched: 1, wouldHaveWon: 0, agreed: 0, differed: 0, unknown: 0 },
    ],
    service: { decisions: 0, agreed: 0, differed: 0, unknown: 0 },
  })
})

test('a shadow rule on messages of routed chats is not said to differ from a rule that nobody could judge', async (t) => {
  const onMessage = { events: ['message.chat.customer'] } satisfies Partial<RuleDocument>
  const everyNewChat = rule({ conditions: { fact: 'event', operator: 'exists' } })
  const german = rule({ key: 'german-message', department: 20, ...onMessage })
  const anyMessage = { fact: 'message', operator: 'exists' } as const
  const shadow = rule({
    key: 'shadow',
    status: 'shadow',
    priority: 1,
    conditions: anyMessage,
    department: 20,
    ...onMessage,
  })
  const service = await startService(t, { rules: [everyNewChat, german, shadow] })
  const { id } = service.simulator.openChat({ customerId: 9011 })
  await service.drained()
  service.simulator.sendMessage(id, 'My invoice is wrong')
  await service.drained()
  const { body } = await service.get('/v1/stats')
  t.match(body.shadow.rules, [{ rule: 'shadow', matched: 1, wouldHaveWon: 0, differed: 0, unknown: 1 }])
})

test('a service in shadow is compared with where its chats are later', async (t) => {
  const service = await startService(t, { settings: { ROUTER_MODE: 'shadow' } })
  const { simulator } = service
  const chats = [10, 20, undefined].map(() => simulator.openChat({ customerId: 9011 }).id)
  await service.drained()
  for (const [index, department] of [10, 20].entries()) {
    simulator.agentMovesChat(chats[index] ?? 0, department)
    simulator.closeChat(chats[index] ?? 0)
    simulator.sendMessage(chats[index] ?? 0, 'No message tells of a department.', 'note', 88)
  }
  await service.drained()
  const { body } = await service.get('/v1/stats')
  t.match(body.outcomes, [{ outcome: 'shadow', count: 3 }])
  t.strictSame(body.shadow.service, { decisions: 3, agreed: 1, differed: 1, unknown: 1 })
})

test('where a chat is later is what its newest event says by its own clock, not the one that came last', async (t) => {
  const service = await startService(t, { settings: { ROUTER_MODE: 'shadow' } })
  const customer = { id: 9011 }
  const openedAt = Math.floor(Date.now() / 1_000) - 60
  const departmentNow = { id: 10, name: 'Department 10' }
  const tell = async (chatId: number, event: string, second: number, department: object | null) => {
    const eventData = { chat_id: chatId, customer, status: 'new', department, assignee: null }
    await post(service, envelope({ event, eventData, createdAt: openedAt + second }))
    await service.drained()
  }
  for (const chatId of [1, 2]) await tell(chatId, 'chat.new', 0, null)
  await tell(1, 'chat.status_updated', 40, departmentNow)
  await tell(1, 'chat.assigned', 10, null)
  await tell(2, 'chat.new', 0, null)
  const { body } = await service.get('/v1/stats')
  t.match(body.shadow.service, { agreed: 1, differed: 0, unknown: 1 })
})
