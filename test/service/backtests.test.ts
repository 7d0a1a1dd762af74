import { type Test, test } from 'tap'
import { NONE } from '../support/none.ts'
import { takeDatabaseAway } from '../support/outage.ts'
import { givePastDecisions } from '../support/past-decisions.ts'
import { postJson } from '../support/post-json.ts'
import { giveRules, rule } from '../support/rules.ts'
import { type Service, shareService, startService, until } from '../support/service.ts'

const plan = (value: string) => ({ fact: 'plan', operator: 'equal', value }) as const

/** Nothing works anything off: the history is what a test has put there. */
const settings = { ROLE: 'web' }
const anyService = shareService({ settings })

/** Two German customers, on Pro and on Free, whose chats went to department 10, and last an English one whose chat stayed. */
async function withHistory(t: Test, rules = [rule()]): Promise<Service> {
  const service = await giveRules(await anyService(t), rules)
  const german = { rule: 'german', department: 10 }
  await givePastDecisions(service, [
    { facts: { event: 'chat.new', language: 'de', plan: 'Pro' }, ...german },
    { facts: { event: 'chat.new', language: 'de', plan: 'Free' }, ...german },
    { facts: { event: 'chat.new', language: 'en', plan: 'Pro' } },
  ])
  return service
}

test('a draft is tried beside the stored rules, over what was recorded', async (t) => {
  const service = await withHistory(t)
  const draft = rule({ key: 'pro', status: 'draft', priority: 900, conditions: plan('pro'), department: 20 })
  const { status, body } = await postJson(service, '/v1/backtests', { rules: [draft] })
  t.equal(status, 200)
  t.match(body, {
    decisions: 3,
    moved: 2,
    unknown: 0,
    missing: [],
    byRule: [
      { rule: 'pro', matched: 2, wonBefore: 0, wonNow: 2, gained: 2, lost: 0, unknown: 0 },
      { rule: 'german', matched: 2, wonBefore: 2, wonNow: 1, gained: 0, lost: 1, unknown: 0 },
    ],
  })
  t.match(
    new Set(body.transitions),
    new Set([
      { from: 10, to: 20, count: 1 },
      { from: null, to: 20, count: 1 },
    ]),
  )
  const { body: list } = await service.get('/v1/decisions')
  t.match(body.samples[0], {
    decisionId: list.data[0].id,
    chatId: list.data[0].chatId,
    from: { rule: null, department: null },
    to: { rule: 'pro', department: 20 },
  })
  t.match((await service.get('/v1/rules')).body.data, [{ key: 'german', version: 1 }], 'and nothing is stored')
})

test('a change takes the place of the stored rule with its key; with replace the given rules are the whole set', async (t) => {
  const service = await withHistory(t, [rule(), rule({ key: 'english', priority: 1, department: 30 })])
  const change = { rules: [rule({ department: 40 })] }
  const { body: changed } = await postJson(service, '/v1/backtests', change)
  t.match(changed, { moved: 2, transitions: [{ from: 10, to: 40, count: 2 }] })
  t.strictSame(
    changed.byRule.map((one: { rule: string }) => one.rule),
    ['german', 'english'],
  )
  const { body: replaced } = await postJson(service, '/v1/backtests', { rules: [], replace: true })
  t.match(replaced, {
    moved: 2,
    transitions: [{ from: 10, to: null, count: 2 }],
    byRule: [{ rule: 'german', lost: 2 }],
  })
})

test('what nobody looked up then is unknown, with the fact', async (t) => {
  const service = await withHistory(t)
  await givePastDecisions(service, [{ facts: { event: 'chat.new' }, openLookups: ['customer', 'chat'] }])
  const { body } = await postJson(service, '/v1/backtests', { rules: [] })
  t.match(body, { decisions: 1, moved: 0, unknown: 1, missing: [{ fact: 'language', count: 1 }] })
  t.match(body.byRule, [{ rule: 'german', matched: 0, unknown: 1 }])
})

test('nobody can tell where a chat would go that could not be moved, for whose event nothing was looked up', async (t) => {
  const service = await withHistory(t)
  const left = {
    facts: { event: 'chat.new', language: 'de' },
    openLookups: ['customer', 'chat'],
    isSkipped: true,
  } as const
  await givePastDecisions(service, [left, { ...left, rule: 'german', department: 10 }])
  const { body } = await postJson(service, '/v1/backtests', { rules: [rule({ department: 40 })] })
  t.match(body, { decisions: 2, moved: 1, unknown: 1, missing: NONE, transitions: [{ from: 10, to: 40, count: 1 }] })
})

test('only the newest decisions are looked at, as many as asked for', async (t) => {
  const service = await withHistory(t)
  const { body } = await postJson(service, '/v1/backtests', { rules: [rule({ department: 40 })], limit: 2 })
  t.match(body, { decisions: 2, moved: 1 })
})

test('each of many decisions is looked at once, down to the oldest', async (t) => {
  const service = await giveRules(await anyService(t), [rule()])
  const english = Array.from({ length: 500 }, () => ({ facts: { language: 'en' } }))
  await givePastDecisions(service, [{ facts: { language: 'de' }, rule: 'german', department: 10 }, ...english])
  const { body } = await postJson(service, '/v1/backtests', { rules: [rule({ department: 40 })] })
  t.match(body, { decisions: 501, moved: 1 })
})

test('decisions of real chats are made again; what no given rule matches goes to DEFAULT_DEPARTMENT_ID', async (t) => {
  const service = await startService(t, { settings: { DEFAULT_DEPARTMENT_ID: '40' } })
  const { id: chatId } = service.simulator.openChat({ customerId: 9011 })
  await service.drained()
  const { body: same } = await postJson(service, '/v1/backtests', { rules: [rule()] })
  t.match(same, { decisions: 1, moved: 0, byRule: [{ rule: 'german', wonBefore: 1, wonNow: 1 }] })
  const { body } = await postJson(service, '/v1/backtests', { rules: [], replace: true })
  t.match(body, {
    transitions: [{ from: 10, to: 40, count: 1 }],
    samples: [{ chatId, to: { department: 40, rule: null } }],
  })
})

test('a decision that gave up on a look-up chose nothing and is left out', async (t) => {
  const service = await withHistory(t)
  await service.sql("UPDATE decisions SET outcome = 'failed', reason = 'lookup_failed' WHERE chat_id = 3")
  t.match((await postJson(service, '/v1/backtests', { rules: [] })).body, { decisions: 2, moved: 0 })
})

test('all that is wrong with the body is said at once, the rules included', async (t) => {
  const service = await anyService(t)
  const wrong = { rules: [rule({ priority: 0 }), 7], limit: 10_001, replace: 'yes', from: 'x' }
  const { status, body } = await postJson(service, '/v1/backtests', wrong)
  t.equal(status, 400)
  t.strictSame(body.errors.map(({ pointer }: { pointer: string }) => pointer).sort(), [
    '/from',
    '/limit',
    '/replace',
    '/rules/0/priority',
    '/rules/1',
  ])
  const { body: empty } = await postJson(service, '/v1/backtests', {})
  t.match(empty.errors, [{ pointer: '/rules', message: /missing/ }])
})

test('backtests that come together wait for one another, and too many are turned away', async (t) => {
  const service = await anyService(t)
  await service.sql('BEGIN')
  await service.sql('LOCK TABLE decisions') // none is done before all have come
  const answered: number[] = []
  const asked = Array.from({ length: 8 }, async () => {
    const answer = await postJson(service, '/v1/backtests', { rules: [] })
    answered.push(answer.status)
    return answer
  })
  await until('three are turned away', () => answered.length === 3)
  await service.sql('COMMIT')
  const together = await Promise.all(asked)
  const statuses = together.map(({ status }) => status).sort()
  t.strictSame(statuses, [200, 200, 200, 200, 200, 503, 503, 503])
  t.ok(together.every(({ status, headers }) => status === 200 || headers.get('retry-after') === '10'))
})

test('without a database a backtest is answered 503 at once, as all else is, and the next one works', async (t) => {
  const service = await withHistory(t)
  const wholeSet = { rules: [rule()], replace: true }
  const giveBack = await takeDatabaseAway(service.databaseUrl)
  t.match(await postJson(service, '/v1/backtests', wholeSet), { status: 503, body: { code: 'database_away' } })
  await giveBack()
  t.match(await postJson(service, '/v1/backtests', wholeSet), { status: 200, body: { decisions: 3 } })
})

test('a stop ends backtests that take long, and says so', async (t) => {
  const service = await startService(t, { settings })
  await service.sql('BEGIN')
  await service.sql('LOCK TABLE decisions')
  const asked = [1, 2].map(() => postJson(service, '/v1/backtests', { rules: [] }))
  const waiting = "SELECT FROM pg_locks WHERE relation = 'decisions'::regclass AND NOT granted"
  await until('one is under way', async () => (await service.sql(waiting)).length === 1)
  await service.app.close()
  for (const { status, headers, body } of await Promise.all(asked)) {
    t.match({ status, body }, { status: 503, body: { code: 'busy', detail: /is being stopped/ } })
    t.equal(headers.get('retry-after'), '10')
  }
})
