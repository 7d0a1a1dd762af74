import { test } from 'tap'
import { apiOf } from '../support/api.ts'
import { NONE } from '../support/none.ts'
import { insertDecisions } from '../support/rows.ts'
import { giveRules, rule } from '../support/rules.ts'
import { shareService, startService } from '../support/service.ts'

const settings = { HELPCRUNCH_REQUESTS_PER_MINUTE: '1000' }
const german = rule()
const anyService = shareService({ settings: { ...settings, ROLE: 'web' }, rules: [german] })

test('one rule is checked beside those in force, and nothing is written', async (t) => {
  const service = await anyService(t)
  const { send } = apiOf(service)
  const check = async (given: unknown) => (await send('POST', '/v1/rules/check', { rule: given })).body
  t.strictSame(await check(german), { errors: [], warnings: [] })
  t.match(await check({ ...german, key: 'twin', priority: 100, department: 20 }), {
    errors: [],
    warnings: [{ rule: 'twin', code: 'never_reached', others: ['german'] }],
  })
  t.match(await check({ ...german, priority: 0, conditions: { fact: 'langauge', operator: 'equal', value: 'de' } }), {
    errors: [{ pointer: '/rule/priority' }, { pointer: '/rule/conditions/fact', message: /language/ }],
    warnings: [],
  })
  const tests = [{ name: 'nobody', facts: {}, expect: 'match' }]
  t.match(await check({ ...german, department: 99, tests }), {
    errors: [
      { pointer: '/rule/department', message: /no department 99/ },
      { pointer: '/rule/tests/0', message: /says unknown/ },
    ],
    warnings: [],
  })
  t.match(await check({ ...german, status: 'draft', tests }), { errors: NONE, warnings: [{ code: 'red_test' }] })
  t.match(await service.sql('SELECT (SELECT version FROM ruleset_head), count(*)::int FROM rule_versions'), [
    { version: 1, count: 1 },
  ])
})

test('a check of one rule does not warn of what others have been warned of', async (t) => {
  const twin = rule({ key: 'twin', priority: 100, department: 20 })
  const { send } = apiOf(await startService(t, { settings: { ...settings, ROLE: 'web' }, rules: [german, twin] }))
  const check = async (given: unknown) => (await send('POST', '/v1/rules/check', { rule: given })).body
  t.match(await check(twin), { warnings: [{ rule: 'twin', code: 'never_reached' }] })
  const french = rule({ key: 'french', conditions: { fact: 'language', operator: 'equal', value: 'fr' } })
  t.strictSame(await check(french), { errors: [], warnings: [] })
})

test('several rules are checked as if they were all there are', async (t) => {
  const { send } = apiOf(await anyService(t))
  const check = async (...rules: unknown[]) => (await send('POST', '/v1/rules/check', { rules })).body
  const twin = { ...german, key: 'twin', priority: 100, department: 20 }
  t.strictSame(await check(twin), { errors: [], warnings: [] })
  t.match(await check(german, twin), { errors: NONE, warnings: [{ rule: 'twin', code: 'never_reached' }] })
  t.match(await check(german, { ...twin, key: 'german' }, {}), {
    errors: [{ pointer: '/rules/2/key' }, Object, Object, Object, Object, Object, { pointer: '/rules/1/key' }],
  })
  t.strictSame(await check(), { errors: [], warnings: [] })
})

test('of more than a thousand problems the check says that there are more', async (t) => {
  const { send } = apiOf(await anyService(t))
  const { errors } = (await send('POST', '/v1/rules/check', { rules: Array(1_001).fill({ ...german, priority: 0 }) }))
    .body
  t.match(errors.slice(999), [
    { pointer: '/rules/999/priority' },
    { pointer: '/rules/1000/priority' },
    { pointer: '/rules', message: /More than 1000 problems/ },
  ])
})

test('a value that no chat had lately is warned of, unless there are more values than are looked at', async (t) => {
  const service = await startService(t, { settings: { ROLE: 'web' } })
  const { send } = apiOf(service)
  const far = rule({ key: 'far', conditions: { fact: 'country', operator: 'equal', value: 'XX' } })
  const neverSeen = async (countries: number) => {
    await service.sql(`UPDATE decisions SET facts = jsonb_build_object('country', 'A' || id % $1)`, [countries])
    const { warnings } = (await send('POST', '/v1/rules/check', { rules: [far] })).body
    return warnings.some(({ code }: { code: string }) => code === 'value_never_seen')
  }
  await insertDecisions(service, new Array(20).fill({}))
  t.ok(await neverSeen(19))
  t.notOk(await neverSeen(20))
})

test('a check is of one rule or of several', async (t) => {
  const { send } = apiOf(await anyService(t))
  for (const body of [{}, { rule: german, rules: [] }, { rules: german }, { rule: german, more: 1 }]) {
    t.match(await send('POST', '/v1/rules/check', body), { status: 400, body: { code: 'invalid_input' } })
  }
})

test('a recorded decision becomes a test of the rule that won, with the facts that the rule asks about', async (t) => {
  const hours = { timezone: 'Europe/Berlin', windows: [{ days: [1, 2, 3, 4, 5, 6, 7], from: '00:00', to: '24:00' }] }
  const vip = rule({ key: 'vip', priority: 900, conditions: { fact: 'plan', operator: 'equal', value: 'free' } })
  const service = await startService(t, { settings, rules: [{ ...german, schedule: hours }, vip] })
  const { send } = apiOf(service)
  service.simulator.openChat({ customerId: 9011, text: 'Guten Tag' })
  await service.drained()
  const [decision] = (await service.get('/v1/decisions')).body.data
  const made = await send('POST', `/v1/decisions/${decision.id}/test`)
  t.match(made, {
    status: 200,
    body: { rule: 'german', test: { name: new RegExp(`chat ${decision.chatId}`), at: /T.*Z$/, expect: 'match' } },
  })
  t.strictSame(made.body.test.facts, { language: 'de' })
  const { body: other } = await send('POST', `/v1/decisions/${decision.id}/test?rule=vip`)
  t.match(other, { rule: 'vip', test: { facts: { plan: 'Pro' }, expect: 'no_match' } })
  t.equal(other.test.at, undefined)
  const added = { ...vip, tests: [other.test] }
  t.match(await send('POST', '/v1/rules/check', { rule: added }), { status: 200, body: { errors: NONE } })

  t.equal((await send('POST', `/v1/decisions/${decision.id}/test?rule=unheard-of`)).status, 404)
  t.equal((await send('POST', '/v1/decisions/999/test')).status, 404)
})

test('without a rule that won, a test has to say of which rule it is', async (t) => {
  const service = await startService(t, {
    settings,
    rules: [rule({ conditions: { fact: 'plan', operator: 'missing' } })],
  })
  service.simulator.openChat({ customerId: 9011, text: 'Guten Tag' })
  await service.drained()
  const [decision] = (await service.get('/v1/decisions')).body.data
  const { send } = apiOf(service)
  t.match(await send('POST', `/v1/decisions/${decision.id}/test`), {
    status: 400,
    body: { errors: [{ pointer: '/rule', message: /no rule won/ }] },
  })
  t.match(await send('POST', `/v1/decisions/${decision.id}/test?rule=german`), {
    body: { test: { expect: 'no_match' } },
  })
})

test('no test is made of a rule that hangs on facts which nobody looked up', async (t) => {
  const everyNewChat = rule({ conditions: { fact: 'event', operator: 'equal', value: 'chat.new' } })
  const hours = { timezone: 'Europe/Berlin', windows: [{ days: [1, 2, 3, 4, 5, 6, 7], from: '00:00', to: '24:00' }] }
  const speechless = rule({ key: 'speechless', priority: 1, conditions: { fact: 'language', operator: 'missing' } })
  const service = await startService(t, {
    settings,
    rules: [
      everyNewChat,
      speechless,
      { ...speechless, key: 'closed', schedule: { ...hours, outside: true } },
      rule({ key: 'french', priority: 1, conditions: { fact: 'language', operator: 'equal', value: 'fr' } }),
    ],
  })
  service.simulator.openChat({ customerId: 9011 })
  await service.drained()
  const [decision] = (await service.get('/v1/decisions')).body.data
  const { send } = apiOf(service)
  const make = (key: string) => send('POST', `/v1/decisions/${decision.id}/test?rule=${key}`)
  t.match(await make('speechless'), {
    status: 409,
    body: {
      code: 'facts_not_looked_up',
      detail: `Rule "speechless" hangs on facts that nobody had looked up for decision ${decision.id}: language. Write its test by hand.`,
    },
  })
  t.match(await make('german'), { body: { test: { expect: 'match' } } })
  t.match(await make('french'), { body: { test: { facts: {}, expect: 'unknown' } } }, 'unknown either way')
  t.match(
    await make('closed'),
    { body: { test: { expect: 'no_match' } } },
    'its schedule was closed, whatever the facts',
  )
})

test('of a rule that this version cannot evaluate no test is made, and the others are checked all the same', async (t) => {
  const service = await startService(t, { settings })
  const hours = { windows: [{ days: [1, 2, 3, 4, 5, 6, 7], from: '00:00', to: '23:59' }] }
  const mars = rule({ key: 'mars', priority: 900, schedule: { timezone: 'Mars/Base', ...hours } })
  const broken = rule({
    key: 'broken',
    priority: 800,
    conditions: { fact: 'name', operator: 'matches', value: '(?=x)' },
  })
  await giveRules(service, [mars, broken, german])
  service.simulator.openChat({ customerId: 9011 })
  await service.drained()
  const [decision] = (await service.get('/v1/decisions')).body.data
  const { send } = apiOf(service)
  for (const [key, problem] of [
    ['mars', /Invalid time zone/],
    ['broken', /invalid or unsupported/],
  ] as const) {
    t.match(await send('POST', `/v1/decisions/${decision.id}/test?rule=${key}`), {
      status: 409,
      body: { code: 'not_evaluable', detail: problem },
    })
  }
  t.match(await send('POST', '/v1/rules/check', { rule: { ...german, key: 'twin', priority: 100, department: 20 } }), {
    body: { errors: [], warnings: [{ rule: 'twin', code: 'never_reached', others: ['german'] }] },
  })
})
