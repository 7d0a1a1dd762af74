import { readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { type Test, test } from 'tap'
import { ruleText } from '../../src/cli/rule-text.ts'
import type { RuleDocument } from '../../src/domain/rule.ts'
import { giveRules, rule, writeRules } from '../support/rules.ts'
import { ADMIN_TOKEN, type Service, shareService, startService } from '../support/service.ts'
import { makeFolder, readFiles, runCli } from './run-cli.ts'

const settings = { ROLE: 'web' }
const anyService = shareService({ settings })
const vip = rule({ key: 'vip', priority: 900, conditions: { fact: 'tags', operator: 'contains', value: 'vip' } })
const cli =
  ({ url }: Pick<Service, 'url'>) =>
  (...args: string[]) =>
    runCli(args, { ROUTER_URL: url, ROUTER_TOKEN: ADMIN_TOKEN })

/** The rules of a service: key, version and department. */
async function stored({ get }: Service): Promise<string[]> {
  const { body } = await get('/v1/rules?limit=100')
  return body.data.map(({ key, version, department }: Record<string, unknown>) => `${key} ${version} ${department}`)
}

/** Somebody else changes a rule. */
async function change(url: string, document: RuleDocument, version: number): Promise<void> {
  const headers = {
    authorization: `Bearer ${ADMIN_TOKEN}`,
    'content-type': 'application/json',
    'if-match': `"${version}"`,
  }
  const reply = await fetch(`${url}/v1/rules/${document.key}`, {
    method: 'PUT',
    headers,
    body: JSON.stringify(document),
  })
  if (reply.status !== 200) throw new Error(`PUT was answered with ${reply.status}: ${await reply.text()}`)
}

type Passing = (request: IncomingMessage) => Promise<'on' | 'no etag' | 'cut' | 500 | 504 | 'led elsewhere' | 'no page'>

/** Stands in front of a service, and makes ETags weak. `pass` happens before a request goes on, and says what becomes of the answer. */
async function startProxy(t: Test, target: string, pass: Passing) {
  const server = createServer(async (request, response) => {
    const { method = 'GET', url = '/', headers } = request
    const body = await buffer(request)
    const next = await pass(request)
    const sent = Object.entries(headers).filter(([name]) => /^(authorization|content-type|if-match)$/.test(name))
    const init = { method, headers: sent.map(([name, value]): [string, string] => [name, String(value)]) }
    const reply = await fetch(target + url, body.length === 0 ? init : { ...init, body: new Uint8Array(body) })
    if (next === 'cut') return response.destroy()
    if (typeof next === 'number') return response.writeHead(next, { 'content-type': 'text/html' }).end('<h1>Error</h1>')
    if (next === 'led elsewhere') return response.writeHead(303, { location: '/v1/rules' }).end()
    if (next === 'no page') return response.writeHead(200).end('{"data":[]}')
    const etag = next === 'on' && reply.headers.get('etag')
    response.writeHead(reply.status, { 'content-type': 'application/json', ...(etag && { etag: `W/${etag}` }) })
    response.end(await reply.text())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` } // it listens on a port, not on a pipe
}

test('apply makes the rules of the service those of the folder: new ones, changed ones and removed ones', async (t) => {
  const service = await giveRules(await anyService(t), [rule(), rule({ key: 'old', priority: 100 })])
  const run = cli(service)
  const dir = await writeRules(t, [rule({ department: 20 }), vip])
  const { code, out, err } = await run('apply', '--dir', dir)
  t.strictSame({ code, err }, { code: 0, err: '' })
  t.match(out, '/department: 10 -> 20')
  t.match(out, /\nDone: 3 rules written\.$/)
  t.strictSame(await stored(service), ['vip 1 10', 'german 2 20'])
  t.match(await run('plan', '--dir', dir), { code: 0 })
  t.match(await run('apply', '--dir', dir), { code: 0, out: 'Nothing to do: no difference.' })
  t.strictSame(await stored(service), ['vip 1 10', 'german 2 20'], 'and no rule has a new version')
})

test('export, edit, plan, apply, export: the bytes are those of the edited files', async (t) => {
  const service = await startService(t, { settings: { ...settings, RULES_DIR: 'rules' } })
  for (const { id, name } of starterDepartments()) service.simulator.addDepartment({ id, name, agentIds: [] })
  const run = cli(service)
  const dir = await makeFolder(t)
  await run('export', '--dir', dir)
  const exported = await readFiles(dir)

  const german = await readFile(join(dir, 'german.json'), 'utf8')
  await writeFile(join(dir, 'german.json'), german.replace('"priority": 800', '"priority": 810'))
  await writeFile(join(dir, 'new.json'), ruleText(rule({ key: 'new', department: 233041, status: 'draft' })))
  await rm(join(dir, 'billing.json'))
  const edited = await readFiles(dir)

  t.equal((await run('plan', '--dir', dir)).code, 2)
  t.match(await run('apply', '--dir', dir), { code: 0, err: '' })
  await run('export', '--dir', dir)
  t.strictSame(await readFiles(dir), edited)
  const fresh = await makeFolder(t)
  await run('export', '--dir', fresh)
  t.strictSame(await readFiles(fresh), edited, 'into an empty folder too')
  t.not(edited['german.json'], exported['german.json'])
})

test('a kept plan is carried out as it was made, whatever the folder says by now', async (t) => {
  const service = await giveRules(await anyService(t), [rule()])
  const run = cli(service)
  const dir = await writeRules(t, [rule({ department: 20 }), vip])
  const file = join(await makeFolder(t), 'plan.json')
  await run('plan', '--dir', dir, '--out', file)
  await rm(join(dir, 'vip.json'))
  await writeFile(file, `\uFEFF${await readFile(file, 'utf8')}`) // as some editors save it
  const { code, out } = await run('apply', file, '--dir', dir, '--json')
  const done = [
    { change: 'create', rule: 'vip' },
    { change: 'replace', rule: 'german' },
  ]
  t.match({ code, ...JSON.parse(out) }, { code: 0, done, failed: null, warnings: Array })
  t.strictSame(await stored(service), ['vip 1 10', 'german 2 20'])
})

test('apply refuses a kept plan when the service has changed since, names the rules, and writes nothing', async (t) => {
  const service = await giveRules(await anyService(t), [rule(), rule({ key: 'other' })])
  const run = cli(service)
  const file = join(await makeFolder(t), 'plan.json')
  await run('plan', '--dir', await writeRules(t, [rule({ department: 20 })]), '--out', file)
  await change(service.url, rule({ key: 'other', department: 40 }), 1)
  const { code, err } = await run('apply', file)
  t.equal(code, 1)
  t.equal(err, 'The service has changed since the plan was made: other. Nothing was written. Plan again.')
  t.strictSame(await stored(service), ['german 1 10', 'other 2 40'])
})

test('rules that change while their pages are read are read again, and what is applied is seen as one whole', async (t) => {
  const many = Array.from({ length: 101 }, (_, index) => rule({ key: `rule-${index}`, priority: 10_000 - index }))
  const service = await giveRules(await anyService(t), many)
  let pages = 0
  const proxy = await startProxy(t, service.url, async ({ method, url = '' }) => {
    if (method === 'GET' && url.includes('cursor=') && pages++ === 0)
      await change(service.url, rule({ key: 'rule-0', department: 40 }), 1)
    return 'on'
  })
  const dir = await writeRules(t, [...many.slice(1), vip])
  t.match(await cli(proxy)('apply', '--dir', dir), { code: 0, err: '' })
  t.equal(pages, 2)
  t.match(await cli(service)('plan', '--dir', dir), { code: 0 })
})

test('without the ETag of the rules, which something in between took away, nothing is written', async (t) => {
  const service = await giveRules(await anyService(t), [rule()])
  const proxy = await startProxy(t, service.url, async ({ method }) => (method === 'GET' ? 'no etag' : 'on'))
  const dir = await writeRules(t, [rule({ department: 20 })])
  t.match(await cli(proxy)('plan', '--dir', dir), { code: 2 })
  t.match(await cli(proxy)('apply', '--dir', dir), { code: 1, err: /^The rules of the service came without an ETag: / })
  t.strictSame(await stored(service), ['german 1 10'])
})

test('when somebody changes a rule during apply, nothing is written', async (t) => {
  const service = await giveRules(await anyService(t), [rule(), rule({ key: 'last', priority: 100 })])
  const proxy = await startProxy(t, service.url, async ({ method }) => {
    if (method === 'PUT') await change(service.url, rule({ department: 40 }), 1)
    return 'on'
  })
  const { code, err } = await cli(proxy)('apply', '--dir', await writeRules(t, [rule({ department: 20 }), vip]))
  t.equal(code, 1)
  t.equal(err, 'Somebody has just changed the rules of the service. Nothing was written. Plan again.')
  t.strictSame(await stored(service), ['german 2 40', 'last 1 10'])
})

test('of a write without an answer nobody knows whether it was done', async (t) => {
  const service = await giveRules(await anyService(t), [rule(), rule({ key: 'last', priority: 100 })])
  const proxy = await startProxy(t, service.url, async ({ method }) => (method === 'PUT' ? 'cut' : 'on'))
  const dir = await writeRules(t, [rule({ department: 20 })])
  const { code, out, err } = await cli(proxy)('apply', '--dir', dir, '--json')
  t.equal(code, 1)
  t.match(err, /^Nobody knows whether the rules were written: .+did not answer.+ "npm run rules -- plan" tells\.$/)
  const { done, failed } = JSON.parse(out)
  t.strictSame(done, [])
  t.match(failed, { kind: 'no_answer' })
  t.strictSame(await stored(service), ['german 2 20'])
})

test('nor does anybody know when a proxy has not waited for the answer, or lost it', async (t) => {
  for (const status of [500, 504] as const) {
    const service = await giveRules(await anyService(t), [rule()])
    const proxy = await startProxy(t, service.url, async ({ method }) => (method === 'PUT' ? status : 'on'))
    const { code, err } = await cli(proxy)('apply', '--dir', await writeRules(t, [rule({ department: 20 })]))
    t.equal(code, 1)
    t.match(err, `Nobody knows whether the rules were written: The answer was ${status}, and not one of`)
    t.strictSame(await stored(service), ['german 2 20'])
  }
})

test('a write that is led elsewhere is not taken for done because something is read there', async (t) => {
  const service = await giveRules(await anyService(t), [rule()])
  const proxy = await startProxy(t, service.url, async ({ method }) => (method === 'PUT' ? 'led elsewhere' : 'on'))
  const { code, err } = await cli(proxy)('apply', '--dir', await writeRules(t, [rule({ department: 20 })]))
  t.equal(code, 1)
  t.match(err, /The answer was 303, and not one of helpcrunch-router\./)
})

test('a list that is no page of the service is told in one line', async (t) => {
  const service = await giveRules(await anyService(t), [rule()])
  const proxy = await startProxy(t, service.url, async () => 'no page')
  t.match(await cli(proxy)('apply', '--dir', await writeRules(t, [rule()])), {
    code: 1,
    err: 'GET /v1/rules was answered with 200, and not as helpcrunch-router does. Is --url the right address?',
  })
})

test('what the service would refuse stops apply before anything is written, in the words of the service', async (t) => {
  const service = await giveRules(await anyService(t), [rule()])
  const dir = await writeRules(t, [rule({ department: 20 }), rule({ key: 'nowhere', department: 999 })])
  const { code, err } = await cli(service)('apply', '--dir', dir)
  t.equal(code, 1)
  t.match(err, /^nowhere:\/department: HelpCrunch has no department 999\. .*\n.* Nothing was written\.$/)
  t.strictSame(await stored(service), ['german 1 10'])
})

test('a file that holds no plan, or one with rules that are not valid, is refused', async (t) => {
  const service = await giveRules(await anyService(t), [rule()])
  const run = cli(service)
  const invalid = { plan: 'helpcrunch-router rules 1', seen: {}, rules: [rule({ priority: 0 })] }
  const dir = await makeFolder(t, { 'a.json': '{}', 'b.json': 'no JSON', 'c.json': JSON.stringify(invalid) })
  for (const name of ['a.json', 'b.json']) {
    t.match(await run('apply', join(dir, name)), { code: 1, err: `${join(dir, name)} holds no plan.` })
  }
  t.match(await run('apply', join(dir, 'c.json')), { code: 1, err: /c\.json:\/rules\/0:\/priority: / })
  t.match(await run('apply', join(dir, 'd.json')), {
    code: 1,
    err: /^The plan .+d\.json cannot be read: ENOENT: .+ a folder of rules follows --dir\.$/,
  })
  t.strictSame(await stored(service), ['german 1 10'])
})

test('a folder without rules removes nothing: that takes a kept plan', async (t) => {
  const service = await giveRules(await anyService(t), [rule()])
  const run = cli(service)
  const dir = await makeFolder(t)
  t.match(await run('apply', '--dir', dir), {
    code: 1,
    err: `There is no rule in ${dir}, and 1 rule would be removed.`,
  })
  t.strictSame(await stored(service), ['german 1 10'])
  const file = join(await makeFolder(t), 'plan.json')
  t.match(await run('plan', '--dir', dir, '--out', file), { code: 2 })
  t.match(await run('apply', file), { code: 0 })
  t.strictSame(await stored(service), [])
})

/** Those that the starter rules name. */
function starterDepartments() {
  return Array.from({ length: 8 }, (_, index) => ({ id: 233041 + index, name: `Desk ${index}` }))
}
