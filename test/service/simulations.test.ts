import { test } from 'tap'
import { postJson } from '../support/post-json.ts'
import { rule } from '../support/rules.ts'
import { shareService, startService } from '../support/service.ts'

/** Nothing works anything off: a simulation needs no worker. */
const settings = { ROLE: 'web' }
const enterprise = rule({
  key: 'enterprise',
  priority: 900,
  conditions: {
    all: [
      { fact: 'language', operator: 'equal', value: 'de' },
      { fact: 'plan', operator: 'equal', value: 'enterprise' },
    ],
  },
  department: 20,
})
const anyService = shareService({ settings, rules: [enterprise, {}] })

test('facts are decided by the stored rules, with every rule and condition explained and the nearest misses first', async (t) => {
  const service = await anyService(t)
  const { status, body } = await postJson(service, '/v1/simulations', { facts: { language: 'de', plan: 'pro' } })
  t.equal(status, 200)
  t.match(body, {
    decision: {
      outcome: 'pending',
      rule: { key: 'german', version: 1 },
      department: { from: null, to: 10 },
      rulesetVersion: 1,
    },
    event: 'chat.new',
    at: /Z$/,
    facts: { event: 'chat.new', language: 'de', plan: 'pro' },
    recorded: null,
    misses: [
      { rule: 'enterprise', away: 1, message: 'one condition away: plan is "pro", the rule wants "enterprise"' },
    ],
    explanation: [
      {
        rule: 'enterprise',
        result: 'no_match',
        conditions: { all: [{ result: 'match' }, { pointer: '/conditions/all/1', actual: 'pro', result: 'no_match' }] },
      },
      { rule: 'german', result: 'match' },
    ],
  })
})

test('given rules take the place of the stored ones, and a draft among them is tried', async (t) => {
  const service = await anyService(t)
  const draft = rule({ key: 'draft', status: 'draft', department: 30 })
  const { body } = await postJson(service, '/v1/simulations', { facts: { language: 'de' }, rules: [draft] })
  t.match(body.decision, { rule: { key: 'draft', version: null }, department: { to: 30 }, rulesetVersion: null })
  t.strictSame(
    body.explanation.map((one: { rule: string }) => one.rule),
    ['draft'],
  )
  const shadow = { ...draft, status: 'shadow' }
  const { body: shadowed } = await postJson(service, '/v1/simulations', { facts: { language: 'de' }, rules: [shadow] })
  t.match(shadowed, { decision: { outcome: 'no_match' }, explanation: [{ rule: 'draft', status: 'shadow' }] })
})

test('a rule as it was read can be tried again: what the service has added to it is not looked at', async (t) => {
  const service = await anyService(t)
  const { body: asRead } = await service.get('/v1/rules/german')
  const trial = { facts: { language: 'de' }, rules: [asRead] }
  t.match(await postJson(service, '/v1/simulations', trial), {
    status: 200,
    body: { decision: { rule: { key: 'german', version: null } } },
  })
  t.match(await postJson(service, '/v1/backtests', { rules: [asRead] }), { status: 200, body: { moved: 0 } })
})

test('the event and the moment are those that are asked for', async (t) => {
  const schedule = { timezone: 'Europe/Berlin', windows: [{ days: [1], from: '09:00', to: '10:00' }] }
  const service = await anyService(t)
  const rules = [rule({ schedule, events: ['chat.closed'] })]
  const asked = async (parts: object) => {
    const { body } = await postJson(service, '/v1/simulations', { facts: { language: 'de' }, rules, ...parts })
    return [body.event, body.decision.outcome]
  }
  const open = '2026-03-02T09:30:00+01:00'
  t.strictSame(await asked({ event: 'chat.closed', at: open }), ['chat.closed', 'skipped'])
  t.strictSame(await asked({ facts: { language: 'de', event: 'chat.closed' }, at: open }), ['chat.closed', 'skipped'])
  t.strictSame(await asked({ event: 'chat.closed', at: '2026-03-02T10:00:00+01:00' }), ['chat.closed', 'no_match'])
  t.strictSame(await asked({ at: open }), ['chat.new', 'no_match'])
})

test('a recorded decision is decided again from its own facts, beside what it was; nothing is called or written', async (t) => {
  const service = await startService(t)
  const chat = service.simulator.openChat({ customerId: 9011, text: 'Guten Tag' })
  await service.drained()
  const { body: list } = await service.get(`/v1/decisions?chatId=${chat.id}`)
  const calls = service.simulator.calls.all.length
  const { body } = await postJson(service, '/v1/simulations', {
    decisionId: list.data[0].id,
    rules: [enterprise, rule({ department: 40 })],
  })
  t.match(body, {
    decision: { outcome: 'pending', department: { to: 40 } },
    recorded: { outcome: 'applied', rule: { key: 'german', version: 1 }, department: { to: 10 }, rulesetVersion: 1 },
    facts: { language: 'de', plan: 'Pro', tags: ['vip'] },
    misses: [{ rule: 'enterprise' }],
  })
  t.equal(service.simulator.calls.all.length, calls)
  t.strictSame((await service.get('/v1/decisions')).body, list)
})

test('a recorded decision that hangs on what nobody looked up is unknown, with the facts', async (t) => {
  const everyNewChat = rule({ conditions: { fact: 'event', operator: 'equal', value: 'chat.new' } })
  const service = await startService(t, { rules: [everyNewChat] })
  service.simulator.openChat({ customerId: 9011 })
  await service.drained()
  const { body: list } = await service.get('/v1/decisions')
  const { body } = await postJson(service, '/v1/simulations', { decisionId: list.data[0].id, rules: [rule()] })
  t.match(body.decision, { outcome: 'unknown', reason: 'facts_not_looked_up' })
  t.strictSame(body.missing, ['language'])
})

test('all that is wrong with the body is said at once, the rules included, with pointers', async (t) => {
  const service = await anyService(t)
  const { status, body } = await postJson(service, '/v1/simulations', {
    facts: { langauge: 'de', blocked: 'yes', plan: null },
    event: 'chat.opened',
    at: 'noon',
    role: 'x',
    rules: [rule(), rule({ conditions: { fact: 'language', operator: 'sounds', value: 'de' } as never }), rule()],
  })
  t.match(body, { status: 400, code: 'invalid_input' })
  t.equal(status, 400)
  const messages = Object.fromEntries(body.errors.map((one: Record<string, string>) => [one.pointer, one.message]))
  t.strictSame(Object.keys(messages).sort(), [
    '/at',
    '/event',
    '/facts/blocked',
    '/facts/langauge',
    '/facts/plan',
    '/role',
    '/rules/1/conditions/operator',
    '/rules/1/key',
    '/rules/2/key',
  ])
  t.match(messages['/facts/langauge'], 'Did you mean "language"?')
})

test('facts have the size of real ones, since each comparison that is explained repeats its own', async (t) => {
  const service = await anyService(t)
  const refused = async (facts: object) => {
    const { status, body } = await postJson(service, '/v1/simulations', { facts, rules: [{}] })
    t.equal(status, 400)
    return body.errors[0]
  }
  t.match(await refused({ message: 'x'.repeat(8001) }), { pointer: '/facts/message', message: /8000 characters/ })
  t.match(await refused({ tags: Array(70_000).fill(1) }), { pointer: '/facts', message: /bytes of JSON/ })
  const deep = Array(100)
    .fill(1)
    .reduce((inner: unknown) => [inner])
  t.match(await refused({ 'custom.deep': deep }), { pointer: '/facts' })
})

test('either facts or a decision is simulated, and the decision has to be there', async (t) => {
  const service = await anyService(t)
  const pointers = async (input: unknown) => {
    const { status, body } = await postJson(service, '/v1/simulations', input)
    return status === 400 ? body.errors.map(({ pointer }: { pointer: string }) => pointer) : [status, body.code]
  }
  t.strictSame(await pointers({}), ['/facts'])
  t.strictSame(await pointers({ facts: {}, decisionId: '1' }), ['/decisionId'])
  t.strictSame(await pointers({ decisionId: '1', at: '2026-03-02T09:00:00Z', event: 'chat.new' }), ['/event', '/at'])
  t.strictSame(await pointers({ facts: { event: 'chat.new' }, event: 'chat.closed' }), ['/event'])
  t.strictSame(await pointers({ facts: { event: 'customer.new' } }), ['/facts/event'])
  t.strictSame(await pointers([]), [''])
  t.strictSame(await pointers({ decisionId: 'first' }), ['/decisionId'])
  t.strictSame(await pointers({ decisionId: '999' }), [404, 'not_found'])
})

test('numbers and truth values among the facts stay what they are', async (t) => {
  const seats = rule({ conditions: { fact: 'custom.seats', operator: 'greaterThan', value: 9 } })
  const service = await anyService(t)
  const { body } = await postJson(service, '/v1/simulations', {
    facts: { 'custom.seats': 12, blocked: false },
    rules: [seats],
  })
  t.strictSame(body.facts, { event: 'chat.new', 'custom.seats': 12, blocked: false })
  t.match(body.decision, { rule: { key: 'german' } })
})
