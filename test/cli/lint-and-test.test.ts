import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'tap'
import { rule } from '../support/rules.ts'
import { makeFolder, runCli } from './run-cli.ts'

const german = { fact: 'language', operator: 'equal', value: 'de' } as const
const red = { name: 'a German', facts: { language: 'fr' }, expect: 'match' as const }

test('lint says what is wrong with which file and where, all at once, and fails', async (t) => {
  const dir = await makeFolder(t, {
    'broken.json': '{',
    'wrong.json': JSON.stringify({ ...rule({ priority: 0 }), departement: 10 }),
    'rule.schema.json': '{}',
  })
  const { code, out } = await runCli(['lint', '--dir', dir])
  t.equal(code, 1)
  t.match(out, `error   ${join(dir, 'broken.json')}: This is not JSON`)
  t.match(out, `error   ${join(dir, 'wrong.json')}:/priority: `)
  t.match(out, `error   ${join(dir, 'wrong.json')}:/departement: `)
  t.match(out, /2 files: 3 errors, 0 warnings; warnings are looked for once there is no error$/)
})

test('lint names the file that cannot be read, not the folder', async (t) => {
  const dir = await makeFolder(t, { 'german.json': JSON.stringify(rule()) })
  await mkdir(join(dir, 'folder.json'))
  await symlink(join(dir, 'nowhere'), join(dir, 'lost.json'))
  await symlink(join(dir, 'nowhere'), join(dir, '.#german.json')) // as an editor leaves it beside a file that is not saved
  const { code, out } = await runCli(['lint', '--dir', dir])
  t.equal(code, 1)
  t.match(out, `error   ${join(dir, 'folder.json')}: This cannot be read: EISDIR`)
  t.match(out, `error   ${join(dir, 'lost.json')}: This cannot be read: ENOENT`)
  t.notMatch(out, '.#german.json', 'a hidden file is no rule')
  t.match((await runCli(['test', '--dir', dir])).err, 'This cannot be read')
})

test('a rule file is UTF-8: other bytes are refused, and a mark before it does not count', async (t) => {
  const green = JSON.stringify(rule({ key: 'green', name: 'Grün', priority: 800 }))
  const dir = await makeFolder(t, { 'marked.json': `\ufeff${JSON.stringify(rule())}` })
  t.match(await runCli(['lint', '--dir', dir]), { code: 0 })
  await writeFile(join(dir, 'latin.json'), green, 'latin1')
  const { code, out } = await runCli(['lint', '--dir', dir])
  t.equal(code, 1)
  t.match(out, `error   ${join(dir, 'latin.json')}: This is not UTF-8: save it as UTF-8. `)
})

test('lint finds what a merge has left twice in a rule file', async (t) => {
  const merged = JSON.stringify(rule()).replace('"status":', '"status":"disabled","status":')
  const dir = await makeFolder(t, { 'merged.json': merged })
  const { code, out } = await runCli(['lint', '--dir', dir])
  t.equal(code, 1)
  t.match(out, `error   ${join(dir, 'merged.json')}: /status is there twice: take one out. `)
})

test('lint warns of what is likely not meant, with an example, and fails with --strict only', async (t) => {
  const narrow = { all: [german, { fact: 'country', operator: 'equal' as const, value: 'AT' }] }
  const dir = await makeFolder(t, {
    'german.json': JSON.stringify(rule({ priority: 900 })),
    'late.json': JSON.stringify(rule({ key: 'austrian', priority: 100, conditions: narrow })),
  })
  const run = await runCli(['lint', '--dir', dir])
  t.equal(run.code, 0)
  t.match(run.out, `warning ${join(dir, 'late.json')}:`)
  t.match(run.out, /never_reached.* For example: chat\.new with language "de"/)
  t.match(run.out, /2 files: 0 errors, 1 warning$/)
  t.equal((await runCli(['lint', '--dir', dir, '--strict'])).code, 1)
  const [warning] = JSON.parse((await runCli(['lint', '--dir', dir, '--json'])).out).warnings
  t.match(warning, { file: join(dir, 'late.json'), rule: 'austrian', code: 'never_reached', others: ['german'] })
})

test('the starter rules have neither errors nor warnings, and all their tests pass', async (t) => {
  t.match(await runCli(['lint', '--strict']), { code: 0, out: /^\d+ files: 0 errors, 0 warnings$/ })
  t.match(await runCli(['test']), { code: 0, out: /^[1-9]\d* tests in [1-9]\d* files: [1-9]\d* passed, 0 failed$/ })
})

test('test runs the tests of drafts and disabled rules too, and says what was expected and what came out', async (t) => {
  const dir = await makeFolder(t, {
    'draft.json': JSON.stringify(rule({ key: 'draft', status: 'draft', tests: [red] })),
    'off.json': JSON.stringify(
      rule({ key: 'off', status: 'disabled', tests: [{ ...red, facts: { language: 'DE' } }] }),
    ),
  })
  const { code, out } = await runCli(['test', '--dir', dir])
  t.equal(code, 1)
  t.equal(
    out,
    `failed ${join(dir, 'draft.json')}:/tests/0: "a German" expects match, the rule says no_match\n` +
      '2 tests in 2 files: 1 passed, 1 failed',
  )
  const { tests } = JSON.parse((await runCli(['test', '--dir', dir, '--json'])).out)
  t.match(tests, [
    { rule: 'draft', name: 'a German', expect: 'match', actual: 'no_match', passed: false },
    { rule: 'off', passed: true },
  ])
})

test('test says so where it is the schedule that a test does not fit', async (t) => {
  const schedule = { timezone: 'Europe/Berlin', windows: [{ days: [1], from: '09:00', to: '18:00' }] }
  const tests = [{ ...red, facts: { language: 'de' }, at: '2026-03-30T17:30:00+01:00' }]
  const dir = await makeFolder(t, { 'a.json': JSON.stringify(rule({ schedule, tests })) })
  const { code, out } = await runCli(['test', '--dir', dir])
  t.equal(code, 1)
  t.match(
    out,
    '"a German" expects match, the rule says no_match. Outside its schedule (Europe/Berlin): it was Monday, 18:30.\n',
  )
})

test('test fails for a file that is not valid, and runs the tests of the others', async (t) => {
  const passing = { ...red, facts: { language: 'de' } }
  const dir = await makeFolder(t, {
    'a.json': 'no JSON',
    'b.json': JSON.stringify(rule({ priority: 0 })),
    'c.json': JSON.stringify(rule({ tests: [passing] })),
  })
  const { code, out, err } = await runCli(['test', '--dir', dir])
  t.equal(code, 1)
  t.match(err, /a\.json: This is not JSON/)
  t.match(err, /b\.json:\/priority: /)
  t.match(out, /^1 test in 3 files: 1 passed, 0 failed, 2 problems in files that are not valid$/)
})

test('a folder that is not there is named', async (t) => {
  const dir = join(await makeFolder(t), 'nowhere')
  for (const command of ['lint', 'test']) {
    t.match(await runCli([command, '--dir', dir]), { code: 1, err: `The folder ${dir} cannot be read (ENOENT).` })
  }
})
