import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isAlive, isServerOf, readPid, readText, stopServer } from './other-processes.ts'

/** What lies in the folder of an embedded Postgres. */
export interface DataDir {
  readonly path: string
  readonly clusterDir: string
  /** Where a cluster is made; it is renamed then, so an initdb that was cut off never passes for one. */
  readonly draftDir: string
  readonly passwordFile: string
  /** Postgres' own: the number of its process. */
  readonly postmasterFile: string
  /** The number of the keeper, and whether it is stopping. */
  readonly keeperFile: string
}

export function layOut(path: string): DataDir {
  const clusterDir = join(path, 'cluster')
  return {
    ...{ path, clusterDir, draftDir: `${clusterDir}.new`, passwordFile: join(path, 'password') },
    ...{ postmasterFile: join(clusterDir, 'postmaster.pid'), keeperFile: join(path, 'keeper.pid') },
  }
}

const STOPPING = 'stopping'
/** A server that is being stopped writes its checkpoint first. */
const STOP_MS_MAX = 15_000
/** A keeper whose parent has just been killed needs a moment to see it. */
const NOTICE_MS_MAX = 1_500
/** `initdb` takes a second; a slow machine gets more. */
const MAKE_MS_MAX = 10_000

/** Waits until nobody else is at the folder. Throws when somebody stays. */
export async function waitUntilFree(dir: DataDir): Promise<void> {
  await waitUntilMade(dir)
  await waitUntilStopped(dir)
}

/** Names this process as the folder's keeper. */
export function enter({ keeperFile }: DataDir): void {
  writeFileSync(keeperFile, String(process.pid))
}

/** Lets the next keeper know that it is worth waiting. */
export function announceStop({ path, keeperFile }: DataDir): void {
  if (existsSync(path)) writeFileSync(keeperFile, `${process.pid} ${STOPPING}`)
}

/** The next keeper may have begun the moment Postgres ended; then the folder is its own. */
export function leave({ keeperFile }: DataDir): void {
  if (readPid(keeperFile) === process.pid) rmSync(keeperFile, { force: true })
}

export function inUse(pid: number): Error {
  return new Error(
    `process ${pid} uses it. Stop the other instance, or give this one a DATA_DIR or DATABASE_URL of its own.`,
  )
}

/** A keeper whose parent was killed while the cluster was being made ends once that is done. */
async function waitUntilMade({ draftDir, keeperFile }: DataDir): Promise<void> {
  const startedAtMs = performance.now()
  const maker = readPid(keeperFile)
  if (maker === undefined || maker === process.pid) return
  while (existsSync(draftDir) && isAlive(maker) && performance.now() - startedAtMs < MAKE_MS_MAX) await sleep(100)
}

/** A keeper that is just stopping gets time to finish; a server whose keeper is gone is stopped here. */
async function waitUntilStopped({ clusterDir, postmasterFile, keeperFile }: DataDir): Promise<void> {
  const startedAtMs = performance.now()
  for (;;) {
    const postmaster = readPid(postmasterFile)
    if (postmaster === undefined || !isAlive(postmaster)) return
    // After a crash, in a container above all, the number may be another process's by now, or another cluster's server.
    if (!isServerOf(clusterDir, postmaster)) return rmSync(postmasterFile, { force: true })
    const keeper = readPid(keeperFile)
    const isKept = keeper !== undefined && isAlive(keeper)
    if (!isKept) stopServer(postmaster)
    const isStopping = !isKept || readText(keeperFile)?.includes(STOPPING) !== false
    if (performance.now() - startedAtMs > (isStopping ? STOP_MS_MAX : NOTICE_MS_MAX)) throw inUse(postmaster)
    await sleep(100)
  }
}
