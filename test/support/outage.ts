import { query } from './postgres.ts'

/** Lets nobody into a database any more and ends every connection to it, as when its server is gone. Gives the way back. */
export async function takeDatabaseAway(databaseUrl: string): Promise<() => Promise<void>> {
  const url = new URL(databaseUrl)
  const name = url.pathname.slice(1)
  url.pathname = '/postgres'
  await query(url.href, `ALTER DATABASE ${name} ALLOW_CONNECTIONS false`)
  await query(url.href, 'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name])
  return async () => {
    await query(url.href, `ALTER DATABASE ${name} ALLOW_CONNECTIONS true`)
  }
}
