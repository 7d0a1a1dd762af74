import { test } from 'tap'
import { buildApp } from '../../src/app.ts'
import { apiOf, ifMatch } from '../support/api.ts'
import { createDatabase } from '../support/postgres.ts'
import { rule, writeRules } from '../support/rules.ts'
import { settingsFor, shareService, startAccount, startService } from '../support/service.ts'

const settings = { ROLE: 'web', HELPCRUNCH_REQUESTS_PER_MINUTE: '1000' }
const german = rule()
const anyService = shareService({ settings, rules: [german] })
const LISTED = { path: '/v1/departments' }

test('a rule cannot name a department that HelpCrunch does not have', async (t) => {
  const { simulator, ...service } = await anyService(t)
  const { send } = apiOf(service)
  const message =
    'HelpCrunch has no department 99. Use one of: 10 (Department 10), 20 (Department 20), 30 (Department 30), 40 (Department 40).'
  const refused = { status: 400, body: { errors: [{ pointer: '/department', message }] } }
  t.match(await send('POST', '/v1/rules', rule({ key: 'lost', department: 99 })), refused)
  t.equal(simulator.calls.count(LISTED), 1, 'a list that was just asked for is not asked for again')
  t.match(await send('PUT', '/v1/rules/german', { ...german, department: 99 }, ifMatch(1)), refused)
})

test('an unknown department is told along with all else that is wrong', async (t) => {
  const { send } = apiOf(await anyService(t))
  const wrong = { ...rule({ key: 'Lost', department: 99 }), status: 'on' }
  for (const [path, body, prefix] of [
    ['/v1/rules', wrong, ''],
    ['/v1/rules/check', { rule: wrong }, '/rule'],
  ] as const) {
    const { errors } = (await send('POST', path, body)).body
    const pointers = errors.map(({ pointer }: { pointer: string }) => pointer).toSorted()
    t.strictSame(pointers, [`${prefix}/department`, `${prefix}/key`, `${prefix}/status`], path)
  }
})

test('a check that finds an unknown department does not warn of it as well', async (t) => {
  const { send } = apiOf(await anyService(t))
  const lost = rule({ key: 'lost', department: 99 })
  for (const body of [{ rule: lost }, { rules: [german, lost] }]) {
    const { errors, warnings } = (await send('POST', '/v1/rules/check', body)).body
    t.match(errors, [{ message: /no department 99/ }])
    t.notOk(warnings.some(({ code }: { code: string }) => code === 'unknown_department'))
  }
})

test('a department that was made since the last listing is found', async (t) => {
  const { simulator, sql, ...service } = await startService(t, { settings, rules: [german] })
  const { send } = apiOf(service)
  await service.get('/v1/departments')
  await sql("UPDATE departments SET fetched_at = now() - interval '10 minutes'")
  simulator.addDepartment({ id: 50, name: 'Billing' })
  const { status, body } = await send('POST', '/v1/rules', rule({ key: 'billing', priority: 900, department: 50 }))
  t.match({ status, body }, { status: 201, body: { department: 50 } })
  t.notOk(body.warnings.some(({ code }: { code: string }) => code.includes('department')))
})

test('however often an unknown department is asked about, HelpCrunch is asked once in ten seconds', async (t) => {
  const { simulator, sql, ...service } = await startService(t, { settings, rules: [german] })
  const { send } = apiOf(service)
  await service.get('/v1/departments')
  await sql("UPDATE departments SET fetched_at = now() - interval '5 seconds'")
  for (const department of [98, 99]) {
    const { body } = await send('POST', '/v1/rules/check', { rule: rule({ key: 'lost', department }) })
    t.match(body.errors, [{ pointer: '/rule/department', message: `no department ${department}` }])
  }
  t.equal(simulator.calls.count(LISTED), 1)
})

test('while HelpCrunch is out of reach a rule is accepted, with a warning', async (t) => {
  const { simulator, ...service } = await startService(t, { settings, rules: [german] })
  const { send } = apiOf(service)
  await simulator.refuseConnections()
  const { status, body } = await send('POST', '/v1/rules', rule({ key: 'any', department: 99, priority: 900 }))
  t.equal(status, 201)
  t.match(
    body.warnings.filter(({ pointer }: { pointer: string }) => pointer === '/department'),
    [{ code: 'department_unchecked', message: /could not be asked/ }],
  )
})

test('a department that has gone is a warning on its rules, which can still be changed', async (t) => {
  const { sql, ...service } = await startService(t, { settings, rules: [german, rule({ key: 'vip', department: 20 })] })
  const { send } = apiOf(service)
  await service.get('/v1/departments')
  await sql('DELETE FROM departments WHERE id = 10')
  const lost = [{ rule: 'german', code: 'unknown_department', pointer: '/department', message: /no department 10/ }]
  t.match((await send('GET', '/v1/rules/german')).body.warnings, lost)
  const { body } = await send('GET', '/v1/rules')
  t.match(
    body.data.map(({ warnings }: { warnings: unknown[] }) => warnings.length),
    [1, 0],
  )
  t.strictSame(body.data[1].warnings, [])
  const check = await send('POST', '/v1/rules/check', { rules: [{}, german] })
  t.match(check.body.warnings, lost, 'also beside a rule that is not valid')
})

test('a rule whose department has gone can be disabled', async (t) => {
  const { simulator, ...service } = await startService(t, { settings, rules: [rule({ department: 99 })] })
  const { send } = apiOf(service)
  const { status, body } = await send('PUT', '/v1/rules/german', rule({ department: 99, status: 'shadow' }), ifMatch(1))
  t.equal(status, 200)
  t.match(body.warnings, [{ code: 'unknown_department', message: /no department 99/ }])
  t.equal(simulator.calls.count(LISTED), 1)
})

test('a check of many rules asks for the departments once, also when nobody answers', async (t) => {
  const { simulator, sql, ...service } = await startService(t, { settings, rules: [german] })
  const { send } = apiOf(service)
  await service.get('/v1/departments')
  await sql("UPDATE departments SET fetched_at = now() - interval '10 minutes'")
  simulator.script(LISTED, [{ kind: 'status', status: 500 }])
  const rules = [1, 2, 3, 4].map((n) => rule({ key: `rule-${n}`, priority: n, status: 'draft', department: 90 + n }))
  const { body } = await send('POST', '/v1/rules/check', { rules })
  t.strictSame(body.errors, [])
  t.equal(body.warnings.filter(({ code }: { code: string }) => code === 'department_unchecked').length, 4)
  t.equal(simulator.calls.count(LISTED), 2)
})

test('the log tells once of a rule, and of a default, whose department has gone', async (t) => {
  const simulator = await startAccount(t)
  const lines: Record<string, unknown>[] = []
  const stream = { write: (line: string) => void lines.push(JSON.parse(line)) }
  const rulesDir = await writeRules(t, [
    german,
    rule({ key: 'old', department: 99 }),
    rule({ key: 'off', department: 99, status: 'disabled' }),
  ])
  const env = { ...settingsFor(simulator, await createDatabase(t), rulesDir), ...settings, DEFAULT_DEPARTMENT_ID: '98' }
  const app = await buildApp({ env, logger: { level: 'warn', stream } })
  t.teardown(() => app.close())
  await app.services.watchDepartments()
  await app.services.watchDepartments()
  t.match(
    lines.filter(({ msg }) => msg === 'rule.department_lost'),
    [{ rule: 'old', department: 99, status: 'enabled' }],
  )
  t.equal(lines.filter(({ msg }) => msg === 'rule.department_lost').length, 1)
  t.match(
    lines.filter(({ msg }) => msg === 'default_department.lost'),
    [{ department: 98 }],
  )
})
