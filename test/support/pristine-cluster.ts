import { execFile } from 'node:child_process'
import { rmSync } from 'node:fs'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { startEmbeddedPostgres } from '../../src/adapters/embedded-postgres/start-embedded-postgres.ts'
import { migrate } from '../../src/adapters/prisma/migrate.ts'

/** The folder of a Postgres that has been migrated and stopped, for copies; it is gone when the process ends. */
export async function makePristineCluster(): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), 'helpcrunch-router-pristine-'))
  process.once('exit', () => rmSync(dataDir, { recursive: true, force: true }))
  const server = await startEmbeddedPostgres({ dataDir })
  await migrate(server.url)
  await server.stop()
  await trustEverybody(dataDir)
  return dataDir
}

/** To check a password takes a third of the time of a connection, of which the tests open thousands. */
async function trustEverybody(dataDir: string): Promise<void> {
  await writeFile(join(dataDir, 'cluster', 'pg_hba.conf'), 'host all all 127.0.0.1/32 trust\n')
}

/** Fills an empty folder in a tenth of the time that making a cluster takes. Owners are kept: Postgres looks at them. */
export async function copyPristineCluster(dataDir: string): Promise<void> {
  pristine ??= process.env.TEST_CLUSTER ? Promise.resolve(process.env.TEST_CLUSTER) : makePristineCluster()
  await promisify(execFile)('cp', ['-a', `${await pristine}/.`, dataDir])
}

let pristine: Promise<string> | undefined
