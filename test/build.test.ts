import { cp, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type Test, test } from 'tap'
import { apiOf } from './support/api.ts'
import { startReplica } from './support/processes.ts'
import { rule, writeRules } from './support/rules.ts'
import { settingsFor, startAccount, until } from './support/service.ts'
import { buildOnce } from './support/start-command.ts'

/** dist/ in a folder of its own, with the packages that it names and no others. */
async function install(t: Test): Promise<string> {
  buildOnce()
  const dir = await mkdtemp(join(tmpdir(), 'helpcrunch-router-built-'))
  t.teardown(() => rm(dir, { recursive: true, force: true, maxRetries: 3 }))
  await cp('dist', dir, { recursive: true })
  const { dependencies } = JSON.parse(await readFile('dist/package.json', 'utf8'))
  for (const name of Object.keys(dependencies)) {
    const link = join(dir, 'node_modules', name)
    await mkdir(dirname(link), { recursive: true })
    await symlink(join(process.cwd(), 'node_modules', name), link)
  }
  return dir
}

test('what npm run build makes is the whole service: its database, its rules, its threads and its pages', async (t) => {
  const dir = await install(t)
  const simulator = await startAccount(t)
  const german = rule({ conditions: { fact: 'messageLanguage', operator: 'equal', value: 'de' } })
  const settings = settingsFor(simulator, '', await writeRules(t, [german]))
  const replica = await startReplica(t, { ...settings, DATA_DIR: join(dir, 'data') }, dir)
  simulator.webhooks.sendTo(`${replica.url}/webhooks/helpcrunch`)
  const { id } = simulator.openChat({ customerId: 9011, text: 'Guten Tag, ich habe eine Frage zu meiner Rechnung.' })
  await until('the chat is where the language of its message belongs', () => simulator.chat(id).departmentId === 10)
  const { send } = apiOf(replica)
  t.match(await send('POST', '/v1/backtests', { rules: [{ ...german, department: 20 }] }), {
    status: 200,
    body: { decisions: 1, moved: 1 },
  })
  t.match(await send('POST', '/v1/rules/check', { rule: { ...german, key: 'twin', priority: 100 } }), {
    body: { warnings: [{ code: 'never_reached' }] },
  })
  const page = await fetch(`${replica.url}/docs/static/swagger-ui.css`)
  t.equal(page.status, 200)
})
