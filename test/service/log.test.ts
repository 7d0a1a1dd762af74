import { test } from 'tap'
import { openRawClient, webhookHead } from '../chaos/raw-client.ts'
import { apiOf } from '../support/api.ts'
import { everyNewChat } from '../support/forbidden.ts'
import { rule } from '../support/rules.ts'
import { startService, until } from '../support/service.ts'
import { envelope, post } from '../support/webhooks.ts'

type Line = Record<string, unknown>
const linesOf = (lines: readonly Line[], msg: string) => lines.filter((line) => line.msg === msg)

test('the log says of a webhook that was refused whether it was signed at all', async (t) => {
  const lines: Line[] = []
  const { simulator, url } = await startService(t, { lines, settings: { ROLE: 'web' } })
  await simulator.deliver({ body: '{}', signature: 'a'.repeat(40) })
  await fetch(`${url}/webhooks/helpcrunch`, {
    method: 'POST',
    body: '{}',
    headers: { 'content-type': 'application/json' },
  })
  t.match(linesOf(lines, 'webhook.refused'), [
    { level: 40, bodyBytes: 2, hasSignature: true },
    { level: 40, bodyBytes: 2, hasSignature: false },
  ])
})

test('the log says once a second how many webhooks were turned away', async (t) => {
  const lines: Line[] = []
  const service = await startService(t, { lines, settings: { ROLE: 'web' } })
  const start = webhookHead({ 'content-length': '1000000' }) + 'x'.repeat(900_000)
  let refused = 0
  const large = envelope({ filling: 'x'.repeat(900_000) })
  let answer = await post(service, large)
  while (answer.status !== 503) {
    const slow = openRawClient(t, service.url, start)
    void slow.status.then((status) => (refused += status === 503 ? 1 : 0))
    answer = await post(service, large)
  }
  refused += 1
  t.match(answer.body, { code: 'overloaded' })
  t.equal(answer.headers.get('retry-after'), '5')
  const countSaid = () => linesOf(lines, 'webhook.turned_away').reduce((sum, line) => sum + Number(line.count), 0)
  await until('each of them is said', () => countSaid() === refused)
  t.same(linesOf(lines, 'request.failed'), [], 'a flood of webhooks is no flood of lines')
})

test('the log has the path of a request without its query, which may hold what is no log’s business', async (t) => {
  const lines: Line[] = []
  const service = await startService(t, { lines, settings: { ROLE: 'web' } })
  await service.get('/v1/decisions?email=ada@example.com')
  await until('it is said', () => linesOf(lines, 'request.answered').length > 0)
  t.match(linesOf(lines, 'request.answered'), [{ path: '/v1/decisions', status: 400 }])
  t.notMatch(JSON.stringify(lines), 'ada@example.com')
})

test('the log says what is wrong with a reply that is not what was asked for', async (t) => {
  const lines: Line[] = []
  const { simulator } = await startService(t, { lines, rules: [everyNewChat] })
  simulator.script({ method: 'PUT' }, [{ kind: 'wrong_body', body: 'Come back later.' }], { forever: true })
  const { id } = simulator.openChat({ customerId: 9011 })
  await until('the call is logged', () => linesOf(lines, 'helpcrunch.call').length > 0)
  const [call] = linesOf(lines, 'helpcrunch.call')
  t.match(call, { level: 40, chatId: id, status: 200, verdict: 'wrong_body', problem: 'the body is not JSON' })
})

test('the log says what became of a call without a reply, and which try it was', async (t) => {
  const lines: Line[] = []
  const { simulator, drained } = await startService(t, { lines, rules: [everyNewChat] })
  simulator.script({ method: 'PUT' }, [{ kind: 'reset' }])
  simulator.openChat({ customerId: 9011 })
  await drained()
  const moves = linesOf(lines, 'helpcrunch.call').filter(({ method }) => method === 'PUT')
  t.match(moves, [
    { level: 40, attempt: 1, error: 'connection', problem: /./ },
    { level: 30, attempt: 3, status: 200 },
  ])
})

test('the log says what to do when HelpCrunch lets no call through', async (t) => {
  for (const [status, problem] of [
    [401, /HELPCRUNCH_API_KEY/],
    [402, /plan/],
    [403, /this chat alone/],
  ] as const) {
    const lines: Line[] = []
    const { app, simulator } = await startService(t, { lines, rules: [everyNewChat] })
    simulator.script({ method: 'PUT' }, [{ kind: 'status', status }], { forever: true })
    simulator.openChat({ customerId: 9011 })
    await simulator.waitFor('the call', () => simulator.calls.departmentPuts().length > 0)
    await app.close()
    t.match(linesOf(lines, 'helpcrunch.paused'), [{ level: 50, reason: 'unauthorized', status, problem }])
  }
})

test('the log says of a rule that was set aside for which chat and event, and milliseconds are whole', async (t) => {
  const lines: Line[] = []
  const service = await startService(t, { lines, rules: [rule({ priority: 900 }), { ...everyNewChat, key: 'good' }] })
  await service.sql(
    `UPDATE rule_versions SET document = jsonb_set(document::jsonb, '{conditions}', '{"any": 1}')::json, created_at = now() WHERE key = 'german'`,
  )
  await apiOf(service).send('POST', '/v1/rules', rule({ key: 'last', priority: 1, status: 'disabled' }))
  const webhook = envelope()
  await post(service, webhook)
  await service.drained()
  const names = { eventId: webhook.id, chatId: webhook.eventData.chat_id }
  t.match(linesOf(lines, 'rule.set_aside'), [{ level: 50, ...names, rule: 'german', problem: String }])
  const [decided] = linesOf(lines, 'event.decided')
  t.match(decided, { ...names, rule: 'good' })
  t.ok(Number.isInteger(decided?.ageMs))
})
