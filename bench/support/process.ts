import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Scope } from '../../test/support/scope.ts'

/** A service in a process of its own. */
export interface Served {
  readonly url: string
  readonly pid: number
  /** From the start of the process until it said where it listens. */
  readonly readyMs: number
  stop(): Promise<void>
}

/** Starts a file that says `Server listening at http://...` when it does; it ends with the scope. */
export async function serve(
  scope: Scope,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  cwd = process.cwd(),
): Promise<Served> {
  const startedAt = performance.now()
  const child = spawn(process.execPath, args, {
    cwd,
    env: { PATH: process.env.PATH, NODE_ENV: 'production', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const stop = () => end(child)
  const endWithUs = () => child.kill('SIGKILL') // when the measurement itself was ended
  process.once('exit', endWithUs)
  child.once('exit', () => process.off('exit', endWithUs))
  scope.teardown(stop)
  const url = await new Promise<string>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`${args.join(' ')} ended with code ${code}.`)))
    const lines = createInterface({ input: child.stdout }).on('line', (line) => {
      const address = /Server listening at (http:[^"]+)/.exec(line)?.[1]
      if (address === undefined) return
      resolve(address)
      lines.close()
      child.stdout.resume() // its log is written, as in production, and read by nobody
    })
  })
  if (child.pid === undefined) throw new Error('A process without a number.')
  return { url, pid: child.pid, readyMs: performance.now() - startedAt, stop }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  await exited
}

const TICKS_PER_SECOND = 100

/** Milliseconds of processor time that processes and those of their children which have ended have used so far (Linux). */
export function cpuMsOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const fields = readProc(pid, 'stat')
      .replace(/^.*\) /s, '')
      .split(' ')
    const ticks = fields.slice(11, 15).reduce((used, field) => used + Number(field), 0) // utime, stime, cutime, cstime
    return sum + (ticks * 1_000) / TICKS_PER_SECOND
  }, 0)
}

/** Empty for a process that is gone. */
function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return ''
  }
}

/** What a folder's files take on disk, in MB. */
export function sizeMbOf(dir: string): number {
  return readdirSync(dir, { withFileTypes: true, recursive: true }).reduce((sum, entry) => {
    return entry.isFile() ? sum + statSync(join(entry.parentPath, entry.name)).size / 1_048_576 : sum
  }, 0)
}
