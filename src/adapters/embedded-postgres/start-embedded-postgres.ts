import { type ChildProcess, fork, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { ended, instruct, programBeside } from '../program-beside.ts'
import type { KeeperReport, KeeperSettings } from './keeper.ts'

export interface EmbeddedPostgres {
  /** Of its superuser, in the database `postgres`; listens on 127.0.0.1 only. */
  readonly url: string
  stop(): Promise<void>
  /** Fulfilled, with how that came about, when its keeper has ended; from then on nobody starts the server again. */
  readonly keeperEnded: Promise<string>
}

export interface EmbeddedPostgresOptions {
  /** Where the cluster lives; created when absent. */
  readonly dataDir: string
  /** To listen on; a free one by default. */
  readonly port?: number
  /** Server settings (`fsync: 'off'`), for databases that are thrown away. */
  readonly settings?: Readonly<Record<string, string>>
}

/**
 * Starts the Postgres that comes from npm, in about a second. It runs under a small keeper process of its own session, so
 * that Ctrl-C reaches the service first and the database last, and so that a killed service leaves no database behind.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { dataDir, port, settings = {} } = options
  // In /proc, Node's way of making folders never comes to an end; like this the process can at least be stopped meanwhile.
  await mkdir(dataDir, { recursive: true }).catch((error: Error) => {
    throw new Error(notStarted(dataDir, error.message), { cause: error })
  })
  const keeper = forkKeeper()
  const keeperSettings: KeeperSettings = { dataDir, port, settings }
  const report = await instruct<KeeperReport>(keeper, 'keeper', keeperSettings)
  if (report.kind === 'failed') {
    if (keeper.connected) keeper.disconnect()
    throw new Error(notStarted(dataDir, report.message))
  }
  return { url: report.url, stop: () => stopKeeper(keeper), keeperEnded: ended(keeper) }
}

function notStarted(dataDir: string, reason: string): string {
  return `The embedded Postgres in ${dataDir} could not start: ${reason}`
}

async function stopKeeper(keeper: ChildProcess): Promise<void> {
  if (keeper.exitCode !== null || keeper.signalCode !== null) return
  const exited = once(keeper, 'exit')
  if (keeper.connected) keeper.disconnect()
  await exited
}

function forkKeeper(): ChildProcess {
  const file = fileURLToPath(programBeside(import.meta.url, 'keeper'))
  const options = { detached: true, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] } satisfies Parameters<typeof fork>[2]
  if (process.getuid?.() !== 0 || !canDropRoot()) return fork(file, [], options)
  return fork(DROP_ROOT[0], [...DROP_ROOT.slice(1), process.execPath, file], {
    ...options,
    execPath: '/usr/bin/env',
    execArgv: [],
  })
}

// Postgres refuses to run as root. Rather than add a user to the machine, the keeper runs as `nobody`, keeping only the
// right to pass folders that root alone may enter (a checkout under /root, or one made by mktemp).
const CAPABILITIES = '+dac_override,+dac_read_search,+fowner'
const DROP_ROOT = [
  'setpriv',
  '--reuid=65534',
  '--regid=65534',
  '--clear-groups',
  `--inh-caps=${CAPABILITIES}`,
  `--ambient-caps=${CAPABILITIES}`,
  '--securebits=+no_setuid_fixup',
] as const

function canDropRoot(): boolean {
  return spawnSync('/usr/bin/env', [...DROP_ROOT, 'true'], { stdio: 'ignore' }).status === 0
}
