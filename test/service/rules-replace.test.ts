import { test } from 'tap'
import { apiOf, ifMatch } from '../support/api.ts'
import { giveRules, rule } from '../support/rules.ts'
import { shareService, startService } from '../support/service.ts'

const settings = { ROLE: 'web', HELPCRUNCH_REQUESTS_PER_MINUTE: '1000' }
const german = rule()
const vip = rule({ key: 'vip', priority: 900, department: 20 })
const ANY = { 'if-match': '*' }
const anyService = shareService({ settings })

test('all rules are replaced at one moment: what differs gets a version, what is left out is gone', async (t) => {
  const old = rule({ key: 'old', priority: 100 })
  const service = await startService(t, { settings, rules: [german, old, vip] })
  const { send } = apiOf(service)
  const read = await send('GET', '/v1/rules')
  t.equal(read.headers.get('etag'), '"1"')
  const [storedVip, storedGerman] = read.body.data
  const draft = rule({ key: 'draft', priority: 5, status: 'draft' })
  const rules = [draft, { ...storedGerman, department: 20 }, storedVip]
  const { status, headers, body } = await send('PUT', '/v1/rules', { rules }, ifMatch(1))
  t.equal(status, 200)
  t.equal(headers.get('etag'), '"2"')
  const { warnings, ...written } = body
  t.strictSame(written, { rulesetVersion: 2, created: ['draft'], changed: ['german'], deleted: ['old'] })
  t.type(warnings, Array)

  const after = await send('GET', '/v1/rules?limit=1')
  t.equal(after.headers.get('etag'), '"2"')
  t.strictSame(after.body.data[0], storedVip, 'the one that is the same keeps its version')
  t.match(await send('GET', '/v1/rules/draft'), { body: { status: 'draft', version: 1 } })
  t.match(await send('GET', '/v1/rules/german'), { body: { version: 2, createdAt: storedGerman.createdAt } })
  t.equal((await send('GET', '/v1/rules/old')).status, 404)
  const { data: entries } = (await send('GET', '/v1/audit')).body
  t.strictSame(
    entries
      .map(({ action, subject }: Record<string, string>) => `${action} ${subject}`)
      .slice(0, 3)
      .sort(),
    ['rule.changed rule:german', 'rule.created rule:draft', 'rule.deleted rule:old'],
  )

  const again = await send('PUT', '/v1/rules', { rules }, ifMatch(2))
  const nothing = { rulesetVersion: 2, created: [], changed: [], deleted: [], warnings }
  t.strictSame({ status: again.status, body: again.body }, { status: 200, body: nothing })
  t.match((await send('PUT', '/v1/rules', { rules: [] }, ANY)).body, { rulesetVersion: 3 })
  const none = await send('GET', '/v1/rules')
  t.strictSame(none.body.data, [])
  t.equal(none.headers.get('etag'), '"3"')
})

test('what was not seen is not replaced, and of two who have seen the same one comes first', async (t) => {
  const { send } = apiOf(await giveRules(await anyService(t), [german]))
  const { headers } = await send('GET', '/v1/rules')
  const seen = Number(headers.get('etag')?.slice(1, -1))
  const rules = [german, vip]
  t.match(await send('PUT', '/v1/rules', { rules }), { status: 428, body: { code: 'precondition_required' } })
  const stale = await send('PUT', '/v1/rules', { rules }, ifMatch(seen - 1))
  t.match(stale, {
    status: 412,
    body: { code: 'stale', detail: `The rule set has been changed meanwhile: it has version ${seen} now.` },
  })
  t.equal(stale.headers.get('etag'), `"${seen}"`)
  t.match(await send('PUT', '/v1/rules', { rules }, { 'if-match': `W/"${seen}"` }), {
    status: 412,
    body: { detail: /^A weak ETag/ },
  })
  t.equal((await send('GET', '/v1/rules/vip')).status, 404)

  const mine = [20, 40].map((department) => [{ ...german, department }])
  const replies = await Promise.all(mine.map((rules) => send('PUT', '/v1/rules', { rules }, ifMatch(seen))))
  t.strictSame(replies.map(({ status }) => status).sort(), [200, 412])
  const won = replies.findIndex(({ status }) => status === 200)
  t.match(await send('GET', '/v1/rules/german'), { body: { department: mine[won]?.[0]?.department, version: 2 } })
})

test('of all who replace whatever there is, each comes after another', async (t) => {
  const { send } = apiOf(await giveRules(await anyService(t), [german]))
  const { headers } = await send('GET', '/v1/rules')
  const seen = Number(headers.get('etag')?.slice(1, -1))
  const sets = [20, 30, 40].map((department) => [{ ...german, department }])
  const replies = await Promise.all(sets.map((rules) => send('PUT', '/v1/rules', { rules }, ANY)))
  t.strictSame(
    replies.map(({ status, body }) => `${status} ${body.rulesetVersion}`).sort(),
    [1, 2, 3].map((n) => `200 ${seen + n}`),
  )
})

test('a replacement tells what is likely not meant, and keeps a rule whose department is gone since', async (t) => {
  const lost = rule({ key: 'lost', priority: 100, department: 99 })
  const { send } = apiOf(await giveRules(await anyService(t), [german, lost]))
  const { status, body } = await send('PUT', '/v1/rules', { rules: [german, { ...lost, name: 'Lost' }] }, ANY)
  t.match({ status, changed: body.changed }, { status: 200, changed: ['lost'] })
  t.strictSame(body.warnings.map(({ rule, code }: Record<string, string>) => `${rule} ${code}`).sort(), [
    'lost never_reached',
    'lost unknown_department',
  ])
})

test('when one rule is wrong, all that is wrong is told, and nothing is written', async (t) => {
  const { send } = apiOf(await giveRules(await anyService(t), [german]))
  const tests = [{ name: 'a German', facts: { language: 'uk' }, expect: 'match' as const }]
  const rules = [
    vip,
    rule({ key: 'zero', priority: 0 }),
    rule({ key: 'nowhere', department: 999 }),
    rule({ key: 'red', tests }),
    vip,
  ]
  const { status, body } = await send('PUT', '/v1/rules', { rules }, ANY)
  t.match({ status, code: body.code }, { status: 400, code: 'invalid_input' })
  t.strictSame(
    body.errors.map(({ pointer }: Record<string, string>) => pointer),
    ['/rules/1/priority', '/rules/2/department', '/rules/3/tests/0', '/rules/4/key'],
  )
  t.match(await send('PUT', '/v1/rules', { rules: [german], more: 1 }, ANY), { status: 400 })
  t.match(await send('PUT', '/v1/rules', {}, ANY), { status: 400 })
  t.match((await send('GET', '/v1/rules')).body.data, [{ key: 'german', version: 1 }])
  t.equal((await send('GET', '/v1/rules')).body.data.length, 1)
})
