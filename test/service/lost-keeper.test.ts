import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { buildApp } from '../../src/app.ts'
import { writeRules } from '../support/rules.ts'
import { runMain } from '../support/run-main.ts'
import { settingsFor, startAccount } from '../support/service.ts'

/** What a service with an embedded Postgres needs, in a folder of its own. */
async function embedded(t: Test) {
  const dataDir = await mkdtemp(join(tmpdir(), 'helpcrunch-router-keeper-'))
  t.teardown(() => rm(dataDir, { recursive: true, force: true, maxRetries: 3 }))
  const env = { ...settingsFor(await startAccount(t), '', await writeRules(t, [{}])), DATA_DIR: dataDir, PORT: '0' }
  return { env, keeperFile: join(dataDir, 'keeper.pid') }
}

test('a service whose Postgres has lost its keeper says so and ends, for whoever starts it again', async (t) => {
  const { env, keeperFile } = await embedded(t)
  const { code, stdout } = await runMain(t, env, {
    meanwhile: async (_child, said) => {
      await said('service.started')
      process.kill(Number.parseInt(await readFile(keeperFile, 'utf8'), 10), 'SIGKILL')
    },
  })
  t.equal(code, 1)
  t.match(
    stdout,
    /"level":60,.*The keeper of the embedded Postgres was ended by SIGKILL\. Nobody would start the server/,
  )
  t.match(stdout, 'service.stopped', 'it ends in order')
  const app = await buildApp({ env, logger: false })
  await app.close()
  t.pass('it starts again')
})

test('a service whose folder another container has taken, while it was paused, ends', async (t) => {
  const { env, keeperFile } = await embedded(t)
  const { code, stdout, stderr } = await runMain(t, env, {
    meanwhile: async (_child, said) => {
      await said('service.started')
      await writeFile(keeperFile, '1 pid:[1]')
    },
  })
  t.equal(code, 1)
  t.match(stderr, /Another container has taken .* while this one was paused\. This one ends\./)
  t.match(stdout, /"level":60,.*The keeper of the embedded Postgres ended with code 1/)
})
