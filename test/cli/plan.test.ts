import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'tap'
import type { RuleDocument } from '../../src/domain/rule.ts'
import { NONE } from '../support/none.ts'
import { giveRules, rule, writeRules } from '../support/rules.ts'
import { startSecondApp } from '../support/second-app.ts'
import { ADMIN_TOKEN, shareService, startService } from '../support/service.ts'
import { makeFolder, runCli } from './run-cli.ts'

const anyService = shareService({ settings: { ROLE: 'web' } })

const austrian: RuleDocument = rule({
  key: 'austrian',
  priority: 900,
  conditions: { fact: 'locale', operator: 'equal', value: 'de-at' },
  department: 20,
})

test('plan shows the difference field by field and what it would have changed for recent chats, as many as --limit says, and ends with 2', async (t) => {
  const service = await startService(t)
  const env = { ROUTER_URL: service.url, ROUTER_TOKEN: ADMIN_TOKEN }
  for (let chats = 0; chats < 3; chats += 1) service.simulator.openChat({ customerId: 9011 })
  await service.drained()

  const same = await writeRules(t, [rule()])
  t.match(await runCli(['plan', '--dir', same], env), {
    code: 0,
    out: 'No difference: 1 rule in both.',
    err: '',
  })

  const other = await writeRules(t, [rule({ name: 'German', priority: 400 }), austrian])
  const { code, out } = await runCli(['plan', '--dir', other], env)
  t.equal(code, 2)
  t.match(out, '+ austrian "German-speaking customers" (enabled, priority 900, department 20)')
  t.match(out, '/name: "German-speaking customers" -> "German"')
  t.match(out, '/priority: 500 -> 400')
  t.match(out, /Would change 3 of the last 3 decisions:\n +3 {2}Department 10 -> Department 20\n/)
  t.match(out, 'rule austrian: 3 more')
  t.match(out, 'rule german: 3 fewer')
  t.match(out, /for example chat \d+: Department 10 \(rule german\) -> Department 20 \(rule austrian\), decision /)
  t.match(out, '2 rules to write; the service has 1 now.')

  const { out: limited } = await runCli(['plan', '--dir', other, '--limit', '2'], env)
  t.match(limited, 'Would change 2 of the last 2 decisions:')

  const { body } = await service.get('/v1/rules')
  t.match(body.data, [{ key: 'german', version: 1 }], 'and nothing is written')
})

test('a rule that the folder does not have would be removed, and a draft of the folder moves nobody', async (t) => {
  const service = await startService(t, { rules: [rule(), austrian] })
  const env = { ROUTER_URL: service.url, ROUTER_TOKEN: ADMIN_TOKEN }
  service.simulator.openChat({ customerId: 9011 })
  await service.drained()

  const dir = await writeRules(t, [rule(), rule({ key: 'draft', status: 'draft', priority: 1000, department: 30 })])
  const { code, out } = await runCli(['plan', '--dir', dir, '--json'], env)
  t.equal(code, 2)
  const plan = JSON.parse(out)
  t.match(plan, { difference: true, added: [{ key: 'draft' }], removed: [{ key: 'austrian' }], changed: NONE })
  t.match(plan.seen, { german: /^1 [0-9a-f]{12}$/, austrian: /^1 / })
  t.match(plan.effect, {
    decisions: 1,
    moved: 1,
    transitions: [{ from: 20, to: 10, count: 1 }],
    movedByRulesInForce: 0,
  })
})

test('a plan that undoes a change moves none of the chats from before it, and says what it would be without', async (t) => {
  const service = await startService(t)
  const env = { ROUTER_URL: service.url, ROUTER_TOKEN: ADMIN_TOKEN }
  service.simulator.openChat({ customerId: 9011 })
  await service.drained()
  await giveRules(service, [rule({ department: 20 })])

  const { out } = await runCli(['plan', '--dir', await writeRules(t, [rule()])], env)
  t.match(out, 'Would change 0 of the last 1 decision.')
  t.match(
    out,
    'Without this change it would be 1: rules, or the default department, have changed since those chats were decided.',
  )
})

test('what another default department would move is not put down to changed rules alone', async (t) => {
  const english = rule({ key: 'english', conditions: { fact: 'language', operator: 'equal', value: 'en' } })
  const service = await startService(t, { rules: [english] })
  service.simulator.openChat({ customerId: 9011 })
  await service.drained()
  const { url } = await startSecondApp(t, service, { ROLE: 'web', DEFAULT_DEPARTMENT_ID: '40' })

  const dir = await writeRules(t, [{ ...english, name: 'English' }])
  const { out } = await runCli(['plan', '--dir', dir], { ROUTER_URL: url, ROUTER_TOKEN: ADMIN_TOKEN })
  t.match(out, 'Would change 1 of the last 1 decision:')
  t.match(out, 'Without this change it would be 1: rules, or the default department, have changed since')
})

test('while HelpCrunch is away, and nobody knows what its departments are called, plan tells their numbers', async (t) => {
  const service = await giveRules(await startService(t, { settings: { ROLE: 'web' } }), [rule()])
  service.simulator.script({}, [{ kind: 'status', status: 503 }], { forever: true })
  const env = { ROUTER_URL: service.url, ROUTER_TOKEN: ADMIN_TOKEN }
  const { code, out, err } = await runCli(['plan', '--dir', await writeRules(t, [rule({ department: 20 })])], env)
  t.match({ code, err }, { code: 2, err: '' })
  t.match(out, '/department: 10 -> 20')
  t.match(out, 'to write; the service has 1 now.')
})

test('a folder with mistakes is not planned: all of them are told, each with its file and place', async (t) => {
  const dir = await writeRules(t, [rule({ priority: 0 }), rule({ key: 'b', department: -1 })])
  await writeFile(join(dir, 'c.json'), '{')
  const { code, out, err } = await runCli(['plan', '--dir', dir], { ROUTER_TOKEN: 'any' })
  t.equal(code, 1)
  t.equal(out, '')
  for (const place of ['german.json:/priority: ', 'b.json:/department: ', 'c.json: This is not JSON'])
    t.match(err, place)
  t.match(err, '3 problems. Nothing was changed.')
})

test('all pages of the rules are read', async (t) => {
  const rules = Array.from({ length: 101 }, (_, index) => rule({ key: `rule-${index}`, status: 'draft' }))
  const service = await giveRules(await anyService(t), rules)
  const dir = await writeRules(t, rules)
  const run = await runCli(['plan', '--dir', dir], { ROUTER_URL: service.url, ROUTER_TOKEN: ADMIN_TOKEN })
  t.match(run, { code: 0, out: 'No difference: 101 rules in both.' })
})

test('a service that refuses, is away, or is another one, is said in one line without the token', async (t) => {
  const service = await startService(t, { settings: { ROLE: 'web' } })
  const dir = await writeRules(t, [rule()])
  const plan = (url: string, token: string) => runCli(['plan', '--dir', dir, '--url', url, '--token', token])
  const wrong = await plan(service.url, 'wrong-token')
  t.match(wrong, {
    code: 1,
    out: '',
    err: 'The service does not know this token: set another ROUTER_TOKEN, or give --token.',
  })
  t.notMatch(wrong.err, 'wrong-token')
  t.match(await plan(service.simulator.apiUrl, ADMIN_TOKEN), {
    code: 1,
    err: 'GET /v1/rules was answered with 401, and not as helpcrunch-router does. Is --url the right address?',
  })
  const address = service.url
  await service.app.close()
  t.match(await plan(address, ADMIN_TOKEN), {
    code: 1,
    err: `${address} did not answer (ECONNREFUSED). Is it the right address, and does it run?`,
  })
})

test('a rule that only a newer version can read is named', async (t) => {
  const service = await giveRules(await startService(t, { settings: { ROLE: 'web' } }), [rule()])
  await service.sql(
    `UPDATE rule_versions SET document = jsonb_set(document::jsonb, '{status}', '"paused"')::json, created_at = now()`,
  )
  const dir = await writeRules(t, [rule()])
  t.match(await runCli(['plan', '--dir', dir], { ROUTER_URL: service.url, ROUTER_TOKEN: ADMIN_TOKEN }), {
    code: 1,
    err: 'The service has a rule "german" that this version cannot read. Use the version of the service.',
  })
})

test('what the service would refuse is told by plan, with exit code 1', async (t) => {
  const service = await giveRules(await anyService(t), [rule()])
  const env = { ROUTER_URL: service.url, ROUTER_TOKEN: ADMIN_TOKEN }
  const dir = await writeRules(t, [rule(), rule({ key: 'nowhere', department: 999 })])
  const { code, out, err } = await runCli(['plan', '--dir', dir], env)
  t.equal(code, 1)
  t.match(out, '+ nowhere ')
  t.match(err, /^nowhere:\/department: HelpCrunch has no department 999\. .*\nThe service would refuse these rules\.$/)
})

test('plan warns of what is likely not meant in the rules that change, and only in these', async (t) => {
  const hidden = (key: string) => rule({ key, priority: 100, department: 20 })
  const service = await giveRules(await anyService(t), [rule(), hidden('old')])
  const env = { ROUTER_URL: service.url, ROUTER_TOKEN: ADMIN_TOKEN }
  const dir = await writeRules(t, [rule(), hidden('old'), hidden('new')])
  const { code, out } = await runCli(['plan', '--dir', dir], env)
  t.equal(code, 2)
  t.match(out, /^warning new:\S*: .*\[never_reached\]/m)
  t.notMatch(out, /^warning old:/m)
  const json = JSON.parse((await runCli(['plan', '--dir', dir, '--json'], env)).out)
  t.match(json.warnings, [{ rule: 'new', code: 'never_reached' }])
})

test('a plan is kept with what the service had when it was made', async (t) => {
  const service = await giveRules(await anyService(t), [rule()])
  const dir = await writeRules(t, [rule({ department: 20 })])
  const file = join(await makeFolder(t), 'plan.json')
  const env = { ROUTER_URL: service.url, ROUTER_TOKEN: ADMIN_TOKEN }
  const { code, out } = await runCli(['plan', '--dir', dir, '--out', file], env)
  t.equal(code, 2)
  t.match(out, `"npm run rules -- apply ${file}" carries it out, if the service is still the same.`)
  const text = await readFile(file, 'utf8')
  t.match(JSON.parse(text), { seen: { german: /^1 / }, rules: [{ key: 'german', department: 20 }] })
  t.notMatch(text, ADMIN_TOKEN)
  const nowhere = join(file, 'plan.json')
  t.match(await runCli(['plan', '--dir', dir, '--out', nowhere], env), {
    code: 1,
    err: /^The plan could not be kept: ENOTDIR: .+ Name another file: --out <file>\.$/,
  })
})
