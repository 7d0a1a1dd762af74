import { migrate } from '../../src/adapters/prisma/migrate.ts'
import { query } from '../../test/support/postgres.ts'

/** A new, migrated database on a server; gives its address. */
export async function createDatabaseOn(serverUrl: string, name: string): Promise<string> {
  await query(serverUrl, `CREATE DATABASE ${name}`)
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  await migrate(url.href)
  return url.href
}
