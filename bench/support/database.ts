import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { migrate } from '../../src/adapters/prisma/migrate.ts'
import { familyOf, type OwnPostgres, startOwnPostgres } from '../../test/chaos/own-postgres.ts'
import { query } from '../../test/support/postgres.ts'
import type { Scope } from '../../test/support/scope.ts'

/** The server that is measured on, as it is set up. */
export type BenchPostgres = Pick<OwnPostgres, 'url' | 'family'>

/** That of DATABASE_URL when there is one, which must run on this machine, else an embedded one, with its fsync. */
export async function startBenchPostgres(scope: Scope): Promise<BenchPostgres> {
  const { DATABASE_URL: url } = process.env
  if (!url) return startOwnPostgres(scope)
  const rows = await query<{ pid: number }>(url, "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'")
  const postmaster = parentOf(rows[0]?.pid ?? Number.NaN)
  return { url, family: () => familyOf(postmaster) }
}

function parentOf(pid: number): number {
  try {
    return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
  } catch (error) {
    throw new Error(
      'DATABASE_URL: the processor time of a Postgres that does not run on this machine cannot be told.',
      {
        cause: error,
      },
    )
  }
}

/** A new, migrated database on a server; gives its address. It is dropped when the scope ends. */
export async function createDatabaseOn(scope: Scope, serverUrl: string, label: string): Promise<string> {
  const name = `hcr_bench_${label}_${randomUUID().slice(0, 8)}`
  await query(serverUrl, `CREATE DATABASE ${name}`)
  scope.teardown(() => query(serverUrl, `DROP DATABASE ${name} WITH (FORCE)`))
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  await migrate(url.href)
  return url.href
}
