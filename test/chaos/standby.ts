import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { SpawnReplica } from '../support/processes.ts'
import { START_ARGS } from '../support/start-command.ts'

const ARGS = [...START_ARGS.slice(0, -1), fileURLToPath(import.meta.resolve('./standby-main.ts'))]

/** By the NODE_OPTIONS that they were given, which Node reads when it starts. */
const spares = new Map<string, ChildProcess>()

/**
 * Gives a process that has loaded everything already, and loads another in its place for whoever comes next: of the time that
 * a start takes, most goes by before the settings are read.
 */
export const spawnFromStandby: SpawnReplica = (env) => {
  const options = env.NODE_OPTIONS ?? ''
  const child = spares.get(options) ?? load(options)
  spares.set(options, load(options))
  for (const handle of handlesOf(child)) handle.ref()
  child.send(env)
  return child
}

function load(options: string): ChildProcess {
  const child = spawn(process.execPath, ARGS, {
    env: { PATH: process.env.PATH, NODE_OPTIONS: options },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  for (const handle of handlesOf(child)) handle.unref() // a spare keeps no test waiting
  child.channel?.unref()
  return child
}

function handlesOf(child: ChildProcess): { ref(): void; unref(): void }[] {
  return [child, child.stdout as Socket, child.stderr as Socket] // pipes are sockets
}
