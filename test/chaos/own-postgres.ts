import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbeddedPostgres } from '../../src/adapters/embedded-postgres/start-embedded-postgres.ts'
import { copyPristineCluster } from '../support/pristine-cluster.ts'
import type { Scope } from '../support/scope.ts'

/** A Postgres that may be killed: it keeps what it has committed, as one in production does. */
export interface OwnPostgres {
  readonly url: string
  /** kill -9 of the postmaster; its backends notice and end. */
  kill(): void
  /** Starts it again on the same port, which recovers what was committed. */
  restart(): Promise<void>
  /** The postmaster and all that it has started. */
  family(): number[]
}

/** Starts one in a temporary folder; both are gone when the scenario ends. */
export async function startOwnPostgres(t: Scope, { connectionsMax = 200 } = {}): Promise<OwnPostgres> {
  const dataDir = await mkdtemp(join(tmpdir(), 'helpcrunch-router-chaos-'))
  t.teardown(() => rm(dataDir, { recursive: true, force: true, maxRetries: 3 }))
  await copyPristineCluster(dataDir)
  const port = await freePort()
  const start = async () => {
    const server = await startEmbeddedPostgres({ dataDir, port, settings: { max_connections: String(connectionsMax) } })
    t.teardown(() => server.stop())
    return server
  }
  const { url } = await start()
  const readPid = (file: string) => Number.parseInt(readFileSync(join(dataDir, file), 'utf8'), 10)
  const postmaster = () => readPid(join('cluster', 'postmaster.pid'))
  return {
    url,
    kill() {
      const pid = postmaster()
      process.kill(pid, 'SIGKILL')
      while (existsSync(`/proc/${pid}`)) {} // until its keeper has seen it: an orphan's number may stay taken
      process.kill(readPid('keeper.pid'), 'SIGKILL') // which would start it again too soon
    },
    async restart() {
      await start()
    },
    family: () => familyOf(postmaster()),
  }
}

/** A process and its children (Linux). */
export function familyOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
  return [pid, ...(text === '' ? [] : text.split(' ').map(Number))]
}

async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const { port } = probe.address() as AddressInfo // it listens on a port, not on a pipe
  await new Promise((resolve) => probe.close(resolve))
  return port
}
