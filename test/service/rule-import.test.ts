import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { buildApp } from '../../src/app.ts'
import { readRuleFiles } from '../../src/services/import-rules.ts'
import { createDatabase, query } from '../support/postgres.ts'
import { rule, writeRules } from '../support/rules.ts'
import { ADMIN_TOKEN, API_KEY, SIGNING_KEY } from '../support/service.ts'

const STORED = 'SELECT key, version, author, live_from FROM rule_versions ORDER BY key'

/** Starts a service on a database and a folder, and stops it again; says what it said when it does not start. */
async function start(databaseUrl: string, rulesDir: string): Promise<string> {
  const secrets = { HELPCRUNCH_API_KEY: API_KEY, HELPCRUNCH_SIGNING_KEY: SIGNING_KEY, ADMIN_TOKEN }
  const env = { ...secrets, DATABASE_URL: databaseUrl, RULES_DIR: rulesDir, ROLE: 'web', WORKER_CONCURRENCY: '2' }
  try {
    const app = await buildApp({ env, logger: false })
    await app.close()
    return 'started'
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** A folder of files with exactly this text. */
async function writeFiles(t: Test, files: Readonly<Record<string, string>>): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'helpcrunch-router-rules-'))
  t.teardown(() => rm(dir, { recursive: true }))
  for (const [name, text] of Object.entries(files)) await writeFile(join(dir, name), text)
  return dir
}

test('rule files are imported when there are no rules yet, and never again', async (t) => {
  const databaseUrl = await createDatabase(t)
  const dir = await writeRules(t, [{}, { key: 'vip', status: 'draft' }])
  t.equal(await start(databaseUrl, dir), 'started')
  const imported = await query(databaseUrl, STORED)
  t.strictSame(imported, [
    { key: 'german', version: 1, author: 'import', live_from: 1 },
    { key: 'vip', version: 1, author: 'import', live_from: 1 },
  ])
  t.match(await query(databaseUrl, 'SELECT version FROM ruleset_head'), [{ version: 1 }])

  await writeFile(join(dir, 'german.json'), JSON.stringify(rule({ name: 'Edited' })))
  await writeFile(join(dir, 'another.json'), JSON.stringify(rule({ key: 'another' })))
  await writeFile(join(dir, 'broken.json'), '{')
  t.equal(await start(databaseUrl, dir), 'started', 'what is in the files by then does not matter')
  t.strictSame(await query(databaseUrl, STORED), imported)
  const [german] = await query(
    databaseUrl,
    "SELECT document ->> 'name' AS name FROM rule_versions WHERE key = 'german'",
  )
  t.strictSame(german, { name: 'German-speaking customers' })
})

test('an empty folder does not use the import up', async (t) => {
  const databaseUrl = await createDatabase(t)
  const dir = await writeFiles(t, {})
  t.equal(await start(databaseUrl, dir), 'started')
  await writeFile(join(dir, 'german.json'), JSON.stringify(rule()))
  t.equal(await start(databaseUrl, dir), 'started')
  t.match(await query(databaseUrl, STORED), [{ key: 'german', version: 1 }])
})

test('files that are not rules refuse the start, all at once, and nothing is imported', async (t) => {
  const databaseUrl = await createDatabase(t)
  const dir = await writeFiles(t, {
    'a-good.json': JSON.stringify(rule()),
    'b-broken.json': '{ "key": ',
    'c-wrong.json': JSON.stringify({ ...rule({ key: 'wrong', priority: 0 }), departement: 10 }),
    'd-twice.json': JSON.stringify(rule()),
    'e-fact.json': JSON.stringify(
      rule({ key: 'fact', conditions: { fact: 'langauge', operator: 'equal', value: 'de' } }),
    ),
    'rule.schema.json': '{}',
    'notes.txt': 'not a rule, and not looked at',
    '._a-good.json': 'what macOS leaves beside a file',
    '.#c-wrong.json': 'what an editor leaves beside a file that is not saved',
  })
  const said = await start(databaseUrl, dir)
  t.match(said, /^The rules were not imported, none of them:\n/)
  const lines = said.split('\n').slice(1)
  const saidOf = (file: string) => lines.filter((line) => line.startsWith(`  ${join(dir, file)}`)).join('\n')
  t.match(saidOf('b-broken.json'), /b-broken\.json: This is not JSON: .+ Fix the file, or take it out of the folder\./)
  t.match(saidOf('c-wrong.json'), /c-wrong\.json \/priority: .+/)
  t.match(saidOf('c-wrong.json'), /c-wrong\.json \/departement: .+/)
  t.match(
    saidOf('d-twice.json'),
    /d-twice\.json \/key: .+a-good\.json has the key "german" too\. Give each rule a key of its own\./,
  )
  t.match(saidOf('e-fact.json'), /e-fact\.json \/conditions\/fact: .*langauge.*language/)
  t.equal(lines.length, 5, 'and nothing of the files that are as they should be')
  t.strictSame(await query(databaseUrl, STORED), [])
  t.match(await query(databaseUrl, 'SELECT version FROM ruleset_head'), [{ version: 0 }])

  t.equal(await start(databaseUrl, await writeRules(t, [{}])), 'started', 'mended files are imported')
})

test('the reserved key is refused in a file as it is over REST', async (t) => {
  const reading = await readRuleFiles([{ file: 'a.json', json: rule({ key: 'order' }), problem: undefined }])
  t.match(reading, {
    kind: 'invalid',
    problems: [{ file: 'a.json', pointer: '/key', message: /address.*another key/ }],
  })
})

test('an enabled rule whose test fails refuses the start; a draft may wait', async (t) => {
  const databaseUrl = await createDatabase(t)
  const tests = [{ name: 'a German', facts: { language: 'en' }, expect: 'match' as const }]
  const red = await start(databaseUrl, await writeRules(t, [{ tests }]))
  t.match(
    red,
    /german\.json \/tests\/0.*: The test "a German" expects match, but the rule says no_match\. Fix the rule or the test, or set the status to "draft"\./,
  )
  t.strictSame(await query(databaseUrl, STORED), [])
  t.equal(await start(databaseUrl, await writeRules(t, [{ tests, status: 'draft' }])), 'started')
})

test('services that start together on an empty database import once', async (t) => {
  const databaseUrl = await createDatabase(t)
  const dir = await writeRules(t, [{}, { key: 'vip' }])
  const starts = await Promise.all([1, 2, 3].map(() => start(databaseUrl, dir)))
  t.strictSame(starts, ['started', 'started', 'started'])
  t.match(await query(databaseUrl, STORED), [
    { key: 'german', version: 1 },
    { key: 'vip', version: 1 },
  ])
  t.match(await query(databaseUrl, 'SELECT version FROM ruleset_head'), [{ version: 1 }])
})

test('what is not a folder of rules is named, with what to do; once there are rules nobody asks for it', async (t) => {
  const databaseUrl = await createDatabase(t)
  const dir = await writeRules(t, [{}])
  const missing = join(dir, 'not-there')
  const said = await start(databaseUrl, missing)
  t.match(said, /^RULES_DIR cannot be read: ENOENT/)
  t.ok(said.includes(`${missing} must be the folder that holds your rule files, or an empty one;`))
  const file = join(dir, 'german.json')
  t.match(await start(databaseUrl, file), /^RULES_DIR cannot be read: ENOTDIR/)
  await start(databaseUrl, dir)
  t.equal(await start(databaseUrl, missing), 'started')
})
