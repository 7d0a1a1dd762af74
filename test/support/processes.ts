import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import type { Scope } from './scope.ts'
import { START_ARGS } from './start-command.ts'

/** A replica: the service as `npm start` runs it, in a process of its own. */
export interface Replica {
  readonly url: string
  readonly process: ChildProcess
  /** All that it has logged so far. */
  log(): string
  /** Ends it as a crash would. */
  kill(): Promise<void>
}

/** Begins a process with these settings; its output is piped. */
export type SpawnReplica = (env: Readonly<Record<string, string>>) => ChildProcess

const spawnAfresh: SpawnReplica = (env) =>
  spawn(process.execPath, START_ARGS, {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })

/** Starts it and waits until it listens; it is killed when the test ends. */
export async function startReplica(
  t: Scope,
  env: Readonly<Record<string, string>>,
  spawnReplica = spawnAfresh,
): Promise<Replica> {
  const child = spawnReplica({ LOG_LEVEL: 'info', ...env })
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }
  t.teardown(kill)
  let log = ''
  child.stderr?.on('data', (chunk) => {
    log += chunk
  })
  const url = await new Promise<string>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the replica ended with code ${code}: ${log.slice(-1_000)}`)))
    createInterface({ input: child.stdout as Readable }).on('line', (line) => {
      log += `${line}\n`
      const address = /Server listening at (http:[^"]+)/.exec(line)?.[1]
      if (address) resolve(address)
    })
  })
  return { url, process: child, log: () => log, kill }
}
