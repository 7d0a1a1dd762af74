import { existsSync, readdirSync, statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'tap'
import { startEmbeddedPostgres } from '../../src/adapters/embedded-postgres/start-embedded-postgres.ts'
import { until } from '../support/service.ts'

test('nobody else can read the password, not even while the cluster is made, for which no other folder is needed', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'helpcrunch-router-password-'))
  const { TMPDIR: before = '' } = process.env
  process.env.TMPDIR = join(folder, 'there-is-none')
  t.teardown(() => {
    process.env.TMPDIR = before
  })
  const dataDir = join(folder, 'data')
  const starting = startEmbeddedPostgres({ dataDir })
  let mode: number | undefined
  await until('initdb is told', () => {
    const names = existsSync(dataDir) ? readdirSync(dataDir) : []
    const name = names.find((name) => name.startsWith('pg-password-'))
    if (name !== undefined) mode = statSync(join(dataDir, name)).mode & 0o077
    return mode !== undefined
  })
  t.equal(mode, 0)
  await (await starting).stop()
  await rm(folder, { recursive: true })
})
