import { existsSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isAlive, isServerOf, ownNamespace, readPid, readText, stopServer } from './other-processes.ts'

/** What lies in the folder of an embedded Postgres. */
export interface DataDir {
  readonly path: string
  readonly clusterDir: string
  /** Where a cluster is made; it is renamed then, so an initdb that was cut off never passes for one. */
  readonly draftDir: string
  readonly passwordFile: string
  /** Postgres' own: the number of its process. */
  readonly postmasterFile: string
  /** The number of the keeper, where that number counts, and whether it is stopping; renewed while it lives. */
  readonly keeperFile: string
}

export function layOut(path: string): DataDir {
  const clusterDir = join(path, 'cluster')
  return {
    ...{ path, clusterDir, draftDir: `${clusterDir}.new`, passwordFile: join(path, 'password') },
    ...{ postmasterFile: join(clusterDir, 'postmaster.pid'), keeperFile: join(path, 'keeper.pid') },
  }
}

const WHO = `${process.pid} ${ownNamespace()}`.trim()
const STOPPING = 'stopping'
/** A server that is being stopped writes its checkpoint first. */
const STOP_MS_MAX = 15_000
/** A keeper whose parent has just been killed needs a moment to see it. */
const NOTICE_MS_MAX = 1_500
/** `initdb` takes a second; a slow machine gets more. */
const MAKE_MS_MAX = 10_000

/** Whoever has found the folder free has entered it long before that. */
const ENTER_MS = 100

/** How often a keeper shows that it lives. */
const RENEW_MS = 1_000
/** A keeper that shows nothing for so long is dead; a busy machine may delay it. */
const SILENT_MS_MAX = 3_000

/** Waits until nobody else is at the folder. Throws when somebody stays. */
export async function waitUntilFree(dir: DataDir): Promise<void> {
  await waitUntilSilent(dir)
  await waitUntilMade(dir)
  await waitUntilStopped(dir)
}

/** Names this process as the folder's keeper. Throws when another container has done so at the same moment, and was the last. */
export async function enterAlone(dir: DataDir): Promise<void> {
  enter(dir)
  await sleep(ENTER_MS)
  if (isTaken(dir)) throw inUse('another container')
}

/** As `enterAlone`, of a keeper whose server runs, so that nobody of another container comes. */
export function enter({ keeperFile }: DataDir): void {
  writeFileSync(keeperFile, WHO)
}

/** From now on shows those in other containers, who do not see this process, that it lives. */
export function showLife({ keeperFile }: DataDir): void {
  setInterval(() => {
    try {
      const now = new Date()
      utimesSync(keeperFile, now, now)
    } catch {} // it has left
  }, RENEW_MS).unref()
}

/** Whether the folder's keeper is one of another container: of the one before, or of one that came while this one was paused. */
export function isTaken({ keeperFile }: DataDir): boolean {
  const namespace = /pid:\S+/.exec(readText(keeperFile) ?? '')?.[0]
  return namespace !== undefined && namespace !== ownNamespace()
}

/** Lets the next keeper know that it is worth waiting. */
export function announceStop({ path, keeperFile }: DataDir): void {
  if (existsSync(path)) writeFileSync(keeperFile, `${WHO} ${STOPPING}`)
}

/** The next keeper may have begun the moment Postgres ended; then the folder is its own. In another container it may have our number. */
export function leave(dir: DataDir): void {
  if (readPid(dir.keeperFile) === process.pid && !isTaken(dir)) rmSync(dir.keeperFile, { force: true })
}

export function inUse(who: string): Error {
  return new Error(`${who} uses it. Stop the other instance, or give this one a DATA_DIR or DATABASE_URL of its own.`)
}

/**
 * The numbers of another container's processes mean nothing here, neither to us nor to Postgres: two servers would write the same
 * files. So it counts whether its keeper still renews its file.
 */
async function waitUntilSilent(dir: DataDir): Promise<void> {
  const startedAtMs = performance.now()
  let renewedAtMs = startedAtMs
  let last: number | undefined
  while (performance.now() - renewedAtMs < SILENT_MS_MAX) {
    if (!isTaken(dir)) return // it has left, or is to be judged by its number
    const renewed = statSync(dir.keeperFile, { throwIfNoEntry: false })?.mtimeMs
    if (last !== undefined && renewed !== last) {
      renewedAtMs = performance.now()
      const waitMsMax = readText(dir.keeperFile)?.includes(STOPPING) ? STOP_MS_MAX : 0
      if (renewedAtMs - startedAtMs > waitMsMax) throw inUse('another container')
    }
    last = renewed
    await sleep(100)
  }
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
    if (performance.now() - startedAtMs > (isStopping ? STOP_MS_MAX : NOTICE_MS_MAX))
      throw inUse(`process ${postmaster}`)
    await sleep(100)
  }
}
