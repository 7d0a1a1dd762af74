import { readdirSync, statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'tap'
import { startEmbeddedPostgres } from '../../src/adapters/embedded-postgres/start-embedded-postgres.ts'
import { until } from '../support/service.ts'

test('nobody else can read the password, not even while the cluster is made', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'helpcrunch-router-password-'))
  const { TMPDIR: before = '' } = process.env
  process.env.TMPDIR = folder // initdb is told the password in a file there
  t.teardown(() => {
    process.env.TMPDIR = before
  })
  const starting = startEmbeddedPostgres({ dataDir: join(folder, 'data') })
  let mode: number | undefined
  await until('initdb is told', () => {
    const name = readdirSync(folder).find((name) => name.startsWith('pg-password-'))
    if (name !== undefined) mode = statSync(join(folder, name)).mode & 0o077
    return mode !== undefined
  })
  t.equal(mode, 0)
  await (await starting).stop()
  await rm(folder, { recursive: true })
})
