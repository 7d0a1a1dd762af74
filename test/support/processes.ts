import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Scope } from './scope.ts'
import { builtArgs } from './start-command.ts'

/** A replica: the service as it is deployed, in a process of its own. */
export interface Replica {
  readonly url: string
  readonly process: ChildProcess
  /** All that it has logged so far. */
  log(): string
  /** Ends it as a crash would. */
  kill(): Promise<void>
}

/** Starts it from where it was built, and waits until it listens; it is killed when the test ends. */
export async function startReplica(t: Scope, env: Readonly<Record<string, string>>, dir?: string): Promise<Replica> {
  const child = spawn(process.execPath, builtArgs(dir), {
    env: { PATH: process.env.PATH, LOG_LEVEL: 'info', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }
  t.teardown(kill)
  let log = ''
  child.stderr.on('data', (chunk) => {
    log += chunk
  })
  const url = await new Promise<string>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the replica ended with code ${code}: ${log.slice(-1_000)}`)))
    createInterface({ input: child.stdout }).on('line', (line) => {
      log += `${line}\n`
      const address = /Server listening at (http:[^"]+)/.exec(line)?.[1]
      if (address) resolve(address)
    })
  })
  return { url, process: child, log: () => log, kill }
}
