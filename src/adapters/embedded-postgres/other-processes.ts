import { readFileSync, readlinkSync, statSync } from 'node:fs'
import { basename } from 'node:path'

/** False only when it is certain: where there is no /proc, a living process counts as the server. */
export function isServerOf(clusterDir: string, pid: number): boolean {
  const command = commandOf(pid)
  if (command !== undefined && !basename(command).startsWith('postgres')) return false
  try {
    const [its, ours] = [statSync(`/proc/${pid}/cwd`), statSync(clusterDir)] // a server works in its cluster's folder
    return its.dev === ours.dev && its.ino === ours.ino
  } catch {
    return true
  }
}

/**
 * Within which the numbers of processes mean the same: of a container, as a rule. Each machine numbers its own, from the same number on, so
 * the id of its start belongs to it. Empty where there is no /proc to tell.
 */
export function ownNamespace(): string {
  try {
    return `${readlinkSync('/proc/self/ns/pid')}@${readText('/proc/sys/kernel/random/boot_id')?.trim()}`
  } catch {
    return ''
  }
}

/** SIGINT is Postgres's fast shutdown: open transactions are rolled back, everything committed is kept. */
export function stopServer(pid: number): void {
  try {
    process.kill(pid, 'SIGINT')
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') throw error // it has ended meanwhile
  }
}

/** The number in a file that names a process; undefined when it names none. */
export function readPid(file: string): number | undefined {
  const pid = Number.parseInt(readText(file) ?? '', 10)
  return pid > 0 ? pid : undefined
}

/** Undefined when there is no such file; another process may remove it at any moment. */
export function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
    return undefined
  }
}

/** Whether a process of this number runs, be it another user's. */
export function isAlive(pid: number): boolean {
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
