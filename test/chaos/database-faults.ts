import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { query } from '../support/postgres.ts'
import type { OwnPostgres } from './own-postgres.ts'

/** One way in which something that the service needs can be away, until `end`. */
export interface Outage {
  readonly name: string
  begin(): Promise<void>
  end(): Promise<void>
}

/** All the ways that this suite knows, the quickest first. The last one needs Linux's `prlimit`. */
export function databaseFaults(postgres: OwnPostgres): Outage[] {
  return [frozen, terminated, readOnly, stopped, exhausted, diskFull].map((fault) => fault(postgres))
}

/** Its process is gone, and starts again. */
export function stopped(postgres: OwnPostgres): Outage {
  return {
    name: 'stopped',
    begin: async () => postgres.kill(),
    end: () => postgres.restart(),
  }
}

/** It keeps its connections, and takes new ones, but says nothing: as in a paused virtual machine, or behind a dead network. */
export function frozen(postgres: OwnPostgres): Outage {
  let family: readonly number[] = []
  return {
    name: 'frozen',
    async begin() {
      family = postgres.family()
      for (const pid of family) signal(pid, 'SIGSTOP')
    },
    async end() {
      for (const pid of family) signal(pid, 'SIGCONT')
    },
  }
}

/** Every connection is ended again and again, as by an administrator or a failing pooler. */
function terminated({ url }: OwnPostgres): Outage {
  let isOn = false
  let ending = Promise.resolve()
  const terminate = async () => {
    while (isOn) {
      await query(url, TERMINATE_OTHERS)
      await sleep(50)
    }
  }
  return {
    name: 'terminated',
    async begin() {
      isOn = true
      ending = terminate()
    },
    async end() {
      isOn = false
      await ending
    },
  }
}

/** All places are taken by others: whoever connects is turned away. */
export function exhausted({ url }: OwnPostgres): Outage {
  const hogs: pg.Client[] = []
  const takePlace = async (): Promise<boolean> => {
    const hog = new pg.Client({ connectionString: url, application_name: HOG })
    hog.on('error', () => {}) // it may be the one that is turned away
    const isIn = await hog.connect().then(
      () => true,
      () => false,
    )
    if (isIn) hogs.push(hog)
    return isIn
  }
  const takeAll = async () => {
    while ((await Promise.all(Array.from({ length: 20 }, takePlace))).some(Boolean));
  }
  return {
    name: 'exhausted',
    async begin() {
      await takeAll()
      // What the service holds is ended, and taken before it is back.
      await hogs[0]?.query(TERMINATE_ALL_BUT_HOGS)
      await takeAll()
    },
    async end() {
      await Promise.all(hogs.splice(0).map((hog) => hog.end()))
    },
  }
}

/** It reads but does not write, as a standby that a failover has left behind. */
export function readOnly({ url }: OwnPostgres): Outage {
  const set = async (value: 'on' | 'off') => {
    await query(url, `ALTER SYSTEM SET default_transaction_read_only = ${value}`)
    await query(url, 'SELECT pg_reload_conf()')
  }
  return { name: 'read_only', begin: () => set('on'), end: () => set('off') }
}

/** Postgres makes its log's files of 16 MiB: no table may grow beyond, and the log goes on. */
const FILE_BYTES_MAX = 16 * 1_048_576

/** The table of events cannot grow: the system refuses the write itself, as it does when a disk is full. */
function diskFull(postgres: OwnPostgres): Outage {
  const limit = async (bytes: number | 'unlimited') => {
    const rows = await query<{ pid: number }>(postgres.url, `SELECT pid ${CLIENTS}`)
    for (const pid of [...postgres.family().slice(0, 1), ...rows.map((row) => row.pid)]) limitFiles(pid, bytes)
  }
  return {
    name: 'disk_full',
    async begin() {
      await query(postgres.url, FILL_EVENTS, [FILE_BYTES_MAX])
      await query(postgres.url, 'CHECKPOINT') // its own writer is not to meet the limit
      await limit(FILE_BYTES_MAX)
    },
    end: () => limit('unlimited'),
  }
}

const HOG = 'hog'
const CLIENTS = "FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
const TERMINATE_OTHERS = `SELECT pg_terminate_backend(pid) ${CLIENTS}`
const TERMINATE_ALL_BUT_HOGS = `${TERMINATE_OTHERS} AND application_name <> '${HOG}'`
/** Rows smaller than those of webhooks, so that what is left of a page has no room for one. */
const FILL_EVENTS = `INSERT INTO webhook_events (id, type, status, body, happened_at)
  SELECT gen_random_uuid()::text, 'filler', 'done', convert_to(repeat('x', 130), 'UTF8'), now()
  FROM generate_series(1, $1::int / 200)`

/** Run as the user of the process itself, who may always do it; root may not, in a container. */
function limitFiles(pid: number, bytes: number | 'unlimited'): void {
  const place = statSync(`/proc/${pid}`, { throwIfNoEntry: false })
  if (place === undefined) return // a backend that has ended meanwhile
  const user = process.getuid?.() === 0 ? { uid: place.uid, gid: place.gid } : {}
  const { status, stderr } = spawnSync('prlimit', [`--pid=${pid}`, `--fsize=${bytes}:unlimited`], user)
  if (status !== 0 && existsSync(`/proc/${pid}`)) throw new Error(`prlimit failed: ${stderr}`)
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // a backend that has ended meanwhile
  }
}
