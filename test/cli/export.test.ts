import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'tap'
import { ruleText } from '../../src/cli/rule-text.ts'
import { NONE } from '../support/none.ts'
import { rule } from '../support/rules.ts'
import { ADMIN_TOKEN, type Service, shareService, startService } from '../support/service.ts'
import { makeFolder, readFiles, runCli } from './run-cli.ts'

const settings = { ROLE: 'web' }
const anyService = shareService({ settings })
const cli =
  ({ url }: Service) =>
  (...args: string[]) =>
    runCli(args, { ROUTER_URL: url, ROUTER_TOKEN: ADMIN_TOKEN })

test('export writes a file for each rule, without what the service has added, and then plan shows no difference', async (t) => {
  const starters = await startService(t, { settings: { ...settings, RULES_DIR: 'rules' } })
  const run = cli(starters)
  const dir = await makeFolder(t)
  t.match(await run('export', '--dir', join(dir, 'new')), {
    code: 0,
    out: /written .*vip\.json.*\n11 rules: 11 written, 0 unchanged/s,
  })
  const { code, out } = await run('plan', '--dir', join(dir, 'new'))
  t.strictSame({ code, out }, { code: 0, out: 'No difference: 11 rules in both.' })
  const files = await readFiles(join(dir, 'new'))
  const originals = await readFiles('rules')
  t.strictSame(
    Object.keys(files),
    Object.keys(originals).filter((name) => name !== 'rule.schema.json'),
  )
  for (const name of ['vip.json', 'after-hours.json', 'billing.json'])
    t.equal(files[name], originals[name], 'byte for byte')
})

test('a file that says the same already is left as it is, whatever its layout and its name', async (t) => {
  const run = cli(await startService(t, { rules: [rule({ tests: [] })], settings }))
  const text = JSON.stringify(rule({ tests: [] }))
  const dir = await makeFolder(t, { '01 germans.json': text })
  const { out } = await run('export', '--dir', dir)
  t.equal(out, '1 rule: 0 written, 1 unchanged')
  t.strictSame(await readFiles(dir), { '01 germans.json': text })
})

test('a rule that differs is written into the file that it has', async (t) => {
  const run = cli(await anyService(t))
  const dir = await makeFolder(t, { '01 germans.json': JSON.stringify(rule({ department: 40 })) })
  await run('export', '--dir', dir)
  t.strictSame(await readFiles(dir), { '01 germans.json': ruleText(rule()) })
})

test('the file of a rule that the service does not have is kept and named; --prune removes it, and no other file', async (t) => {
  const run = cli(await anyService(t))
  const others = {
    'broken.json': '{',
    'settings.json': '{ "key": "not a rule" }',
    'rule.schema.json': '{}',
    'notes.md': 'notes',
  }
  const dir = await makeFolder(t, { ...others, 'gone.json': JSON.stringify(rule({ key: 'gone' })) })
  t.match(await run('export', '--dir', dir), { code: 0, out: `kept    ${join(dir, 'gone.json')}, whose rule` })
  t.match(await readFiles(dir), { 'gone.json': /gone/ })
  t.match(await run('export', '--dir', dir, '--prune'), { code: 0, out: `removed ${join(dir, 'gone.json')}` })
  t.strictSame(await readFiles(dir), { ...others, 'german.json': ruleText(rule()) })
})

test('a file in the way that holds something else stops the export before anything is written', async (t) => {
  const run = cli(await startService(t, { rules: [rule(), rule({ key: 'another' })], settings }))
  const broken = await makeFolder(t, { 'german.json': '{ half' })
  t.match(await run('export', '--dir', broken), {
    code: 1,
    err: /german\.json: This is not JSON: .+ Mend or move it; nothing was written\.$/,
  })
  const dir = await makeFolder(t, { 'german.json': '[]' })
  t.match(await run('export', '--dir', dir), {
    code: 1,
    err: /german\.json holds something other than the rule "german"/,
  })
  t.strictSame(await readFiles(dir), { 'german.json': '[]' })
})

test('two files of one rule stop the export before anything is written, and both are named', async (t) => {
  const run = cli(await startService(t, { rules: [rule({ key: 'another' }), rule()], settings }))
  const files = { 'copy.json': JSON.stringify(rule()), 'german.json': JSON.stringify(rule({ department: 40 })) }
  const dir = await makeFolder(t, files)
  t.strictSame(await run('export', '--dir', dir, '--prune'), {
    code: 1,
    out: '',
    err: `${join(dir, 'copy.json')} and ${join(dir, 'german.json')} both hold the rule "german". Keep one; nothing was written.`,
  })
  t.strictSame(await readFiles(dir), files)
})

test('with --json the result is one JSON text', async (t) => {
  const run = cli(await anyService(t))
  const dir = await makeFolder(t, { 'gone.json': JSON.stringify(rule({ key: 'gone' })) })
  const file = join(dir, 'german.json')
  const result = { written: [file], removed: [], kept: [join(dir, 'gone.json')], unchanged: 0 }
  t.strictSame(JSON.parse((await run('export', '--dir', dir, '--json')).out), result)
  await writeFile(file, JSON.stringify(rule()))
  t.match(JSON.parse((await run('export', '--dir', dir, '--json')).out), { written: NONE, unchanged: 1 })
})

test('where rules cannot be written, export says so in one line', async (t) => {
  const dir = await makeFolder(t, { file: '' })
  const { code, err } = await cli(await anyService(t))('export', '--dir', join(dir, 'file'))
  t.equal(code, 1)
  t.match(err, /^The rules cannot be written: EEXIST.* Name another folder: --dir <folder>\.$/)
})
