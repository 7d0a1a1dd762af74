import { test } from 'tap'
import { apiOf, ifMatch } from '../support/api.ts'
import { NONE } from '../support/none.ts'
import { giveRules, rule } from '../support/rules.ts'
import { shareService, startService } from '../support/service.ts'

const settings = { ROLE: 'web', HELPCRUNCH_REQUESTS_PER_MINUTE: '1000' }
const german = rule()
const vip = rule({ key: 'vip', name: 'VIP customers', priority: 900, department: 20 })
const anyService = shareService({ settings })

test('rules are written', async (t) => {
  const { send } = apiOf(await giveRules(await anyService(t), [german]))

  await t.test(
    'a new rule is answered with 201, its place and its ETag, and can be read from there as it was written',
    async (t) => {
      const given = {
        name: 'Any order of properties',
        department: 20,
        key: 'vip',
        conditions: { all: [{ value: ['pro', 'Enterprise '], operator: 'in', fact: 'plan' }] },
        priority: 900,
        status: 'draft',
        tests: [{ expect: 'match', facts: { plan: 'pro', 'custom.b': 1, 'custom.a': 2 }, name: 'a test' }],
      }
      const created = await send('POST', '/v1/rules', given)
      t.equal(created.status, 201)
      t.equal(created.headers.get('location'), '/v1/rules/vip')
      t.equal(created.headers.get('etag'), '"1"')
      t.match(created.body, { version: 1, updatedBy: 'admin', createdAt: created.body.updatedAt, warnings: NONE })
      const read = await send('GET', '/v1/rules/vip')
      t.equal(read.headers.get('etag'), '"1"')
      t.strictSame(read.body, created.body)
      const { version: _v, createdAt: _c, updatedAt: _u, updatedBy: _b, warnings: _w, ...document } = read.body
      t.equal(JSON.stringify(document), JSON.stringify(given), 'to the byte')
    },
  )

  await t.test('a key is used once', async (t) => {
    t.match(await send('POST', '/v1/rules', german), { status: 409, body: { code: 'exists' } })
    t.match(await send('POST', '/v1/rules', rule({ key: 'order' })), {
      status: 400,
      body: { errors: [{ pointer: '/key', message: /Choose another key/ }] },
    })
  })

  await t.test('all that is wrong with a rule is told at once, each place with what to do', async (t) => {
    const wrong = {
      ...german,
      key: 'another',
      priority: 0,
      departement: 10,
      conditions: { all: [{ fact: 'langauge', operator: 'equal', value: 'de' }, { all: [] }] },
    }
    const { status, headers, body } = await send('PUT', '/v1/rules/german', wrong, ifMatch(1))
    t.equal(status, 400)
    t.match(headers.get('content-type'), 'application/problem+json')
    const byPointer = Object.fromEntries(
      body.errors.map(({ pointer, message }: Record<string, string>) => [pointer, message]),
    )
    t.match(byPointer, {
      '/key': /never changes: make it "german"/,
      '/priority': /whole number from 1 to 10000/,
      '/departement': /Did you mean "department"/,
      '/conditions/all/0/fact': /Did you mean "language"/,
      '/conditions/all/1/all': String,
    })
    for (const body of [null, [], 'text', 7]) t.equal((await send('POST', '/v1/rules', body)).status, 400)
    t.equal((await send('POST', '/v1/rules')).status, 400)
  })

  await t.test('a write warns of what the rule does among the others', async (t) => {
    const { body } = await send('POST', '/v1/rules', { ...german, key: 'never', priority: 100, department: 20 })
    t.match(body.warnings, [{ rule: 'never', code: 'never_reached', others: ['german'] }])
  })

  await t.test('a rule with a failing test is stored as a draft, with a warning, and cannot be enabled', async (t) => {
    const tests = [
      { name: 'a German', facts: { language: 'de' }, expect: 'match' as const },
      { name: 'an Austrian', facts: { language: 'uk' }, expect: 'match' as const },
    ]
    const red = rule({ key: 'red', priority: 10, tests })
    const errors = [{ pointer: '/tests/1', message: /expects match, but the rule says no_match/ }]
    t.match(await send('POST', '/v1/rules', red), { status: 422, body: { code: 'red_tests', errors } })
    const draft = await send('POST', '/v1/rules', { ...red, status: 'draft' })
    t.match(draft, { status: 201, body: { warnings: [{ code: 'red_test', pointer: '/tests/1' }] } })
    t.equal((await send('PUT', '/v1/rules/red', red, ifMatch(1))).status, 422)
    const schedule = { timezone: 'UTC', windows: [{ days: [1], from: '09:00', to: '18:00' }] }
    const late = { ...red, schedule, tests: [{ name: 'late', facts: {}, at: '2026-03-02T18:00:00Z', expect: 'match' }] }
    t.match(await send('PUT', '/v1/rules/red', late, ifMatch(1)), {
      body: { errors: [{ message: /says no_match\. Outside its schedule \(UTC\): it was Monday, 18:00\. Fix/ }] },
    })
    const mended = { ...red, tests: tests.slice(0, 1) }
    t.equal((await send('PUT', '/v1/rules/red', mended, ifMatch(1))).status, 200)
  })
})

test('a change names the version that it is about, or is refused', async (t) => {
  const { send } = apiOf(await giveRules(await anyService(t), [german]))
  const changed = { ...german, name: 'German' }
  for (const [method, body] of [['PUT', changed], ['DELETE']] as const) {
    t.match(await send(method, '/v1/rules/german', body), { status: 428, body: { code: 'precondition_required' } })
    for (const stale of ['"2"', 'W/"1"', '"1a"', '""', '"2", "3"']) {
      const reply = await send(method, '/v1/rules/german', body, { 'if-match': stale })
      t.match(reply, { status: 412, body: { code: 'stale' } }, `${method} ${stale}`)
      t.equal(reply.headers.get('etag'), '"1"', 'and is told the version there is')
    }
    const weak = await send(method, '/v1/rules/german', body, { 'if-match': 'W/"1"' })
    t.match(weak.body.detail, /^A weak ETag.+ version 1 now.+ without the W\/\.$/)
    t.match(await send(method, '/v1/rules/german', body, { 'if-match': '1' }), {
      status: 400,
      body: { errors: [{ pointer: '/if-match' }] },
    })
    t.equal(
      (await send(method, '/v1/rules/unheard-of', body && { ...body, key: 'unheard-of' }, ifMatch(1))).status,
      404,
    )
  }
  t.match(await send('GET', '/v1/rules/german'), { body: { version: 1 } }, 'nothing has changed')
  const done = await send('PUT', '/v1/rules/german', changed, { 'if-match': '"7", "1"' })
  t.match(done, { status: 200, body: { name: 'German', version: 2 } })
  t.equal(done.headers.get('etag'), '"2"')
  t.equal((await send('PUT', '/v1/rules/german', german, { 'if-match': '*' })).status, 200)
  t.equal((await send('DELETE', '/v1/rules/german', undefined, ifMatch(3))).status, 204)
  t.equal((await send('GET', '/v1/rules/german')).status, 404)
})

test('what was read can be sent back with a change in it', async (t) => {
  const { send } = apiOf(await giveRules(await anyService(t), [german]))
  const { body } = await send('GET', '/v1/rules/german')
  const { status, body: changed } = await send('PUT', '/v1/rules/german', { ...body, priority: 7 }, ifMatch(1))
  t.match({ status, changed }, { status: 200, changed: { priority: 7, version: 2, createdAt: body.createdAt } })
})

test('the order of the rules is rewritten as a whole, in one rule set', async (t) => {
  const service = await startService(t, { settings, rules: [german, vip, rule({ key: 'last', priority: 200 })] })
  const { send } = apiOf(service)
  const keys = ['last', 'german', 'vip']
  const { status, body } = await send('PUT', '/v1/rules/order', { keys })
  t.equal(status, 200)
  t.strictSame(body, {
    rulesetVersion: 2,
    data: [
      { key: 'last', priority: 300, version: 2 },
      { key: 'german', priority: 200, version: 2 },
      { key: 'vip', priority: 100, version: 2 },
    ],
  })
  const { body: list } = await send('GET', '/v1/rules')
  t.strictSame(
    list.data.map(({ key, version }: { key: string; version: number }) => [key, version]),
    keys.map((key) => [key, 2]),
  )
  t.match(await service.sql('SELECT DISTINCT live_from FROM rule_versions WHERE live_to IS NULL'), [{ live_from: 2 }])
  t.match((await send('PUT', '/v1/rules/order', { keys })).body, { rulesetVersion: 2 }, 'nothing to do, nothing done')
  t.equal((await send('PUT', '/v1/rules/vip', { ...vip, priority: 1 }, ifMatch(1))).status, 412)
})

test('a hundred rules have the widest step between them, and the first of them the highest priority there is', async (t) => {
  const rules = Array.from({ length: 100 }, (_, index) => rule({ key: `rule-${index}`, priority: 1 }))
  const { send } = apiOf(await giveRules(await anyService(t), rules))
  const { data } = (await send('PUT', '/v1/rules/order', { keys: rules.map(({ key }) => key) })).body
  t.strictSame([data[0].priority, data[1].priority, data[99].priority], [10_000, 9_900, 100])
})

test('an order that does not name each rule once is refused', async (t) => {
  const { send } = apiOf(await giveRules(await anyService(t), [german, vip]))
  t.strictSame((await send('PUT', '/v1/rules/order', { keys: ['germna', 'german', 'german'] })).body.errors, [
    { pointer: '/keys/0', message: 'There is no rule "germna". Did you mean "german"?' },
    { pointer: '/keys/2', message: '"german" is named before already. Name each rule once.' },
    { pointer: '/keys', message: 'Every rule must be named; add: vip.' },
  ])
  t.equal((await send('PUT', '/v1/rules/order', { keys: [] })).status, 400)
  t.equal((await send('PUT', '/v1/rules/order', { keys: ['vip', 'german'], more: 1 })).status, 400)
  t.match(await send('GET', '/v1/rules/vip'), { body: { version: 1, priority: 900 } })
})

test('an order that says which rules it has seen is refused when they have changed since, and one that says nothing is not', async (t) => {
  const { send } = apiOf(await giveRules(await anyService(t), [german, vip]))
  const seen = (await send('GET', '/v1/rules')).headers.get('etag') ?? ''
  await send('PUT', '/v1/rules/german', { ...german, priority: 950 }, ifMatch(1))
  const { headers } = await send('GET', '/v1/rules')
  const now = headers.get('etag') ?? ''
  const order = (keys: string[], guard?: string) =>
    send('PUT', '/v1/rules/order', { keys }, guard === undefined ? {} : { 'if-match': guard })

  const stale = await order(['vip', 'german'], seen)
  t.match(stale, { status: 412, body: { code: 'stale', detail: /^The rule set has been changed meanwhile/ } })
  t.equal(stale.headers.get('etag'), now)
  t.match(await order(['vip', 'german'], 'nonsense'), { status: 400, body: { errors: [{ pointer: '/if-match' }] } })
  t.match(await send('GET', '/v1/rules'), { body: { data: [{ key: 'german', priority: 950 }, { key: 'vip' }] } })

  const done = await order(['vip', 'german'], now)
  t.match(done, { status: 200, body: { data: [{ key: 'vip' }, { key: 'german' }] } })
  t.equal(done.headers.get('etag'), (await send('GET', '/v1/rules')).headers.get('etag'))
  t.equal((await order(['german', 'vip'])).status, 200)
})
