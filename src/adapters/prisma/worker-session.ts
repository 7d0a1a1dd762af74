import type pg from 'pg'

/** A connection that a worker keeps for as long as it lives. When its process dies, the connection is closed for it. */
export interface WorkerSession {
  /** What Postgres calls the connection, which is opened again when it was lost; undefined while that fails. */
  name(): Promise<string | undefined>
  end(): void
}

const WHO_AM_I = `SELECT pid || ' ' || extract(epoch FROM backend_start) AS name
  FROM pg_stat_activity WHERE pid = pg_backend_pid()`

export function createWorkerSession(pool: pg.Pool): WorkerSession {
  let open: { readonly client: pg.PoolClient; readonly name: string } | undefined

  async function connect(): Promise<string> {
    const client = await pool.connect()
    const forget = () => {
      open = undefined
    }
    client.once('end', forget)
    client.once('error', forget)
    const { rows } = await client.query<{ name: string }>(WHO_AM_I).catch((error: unknown) => {
      client.release(true)
      throw error
    })
    const name = rows[0]?.name ?? ''
    open = { client, name }
    return name
  }

  return {
    name: async () => open?.name ?? (await connect().catch(() => undefined)),
    end() {
      open?.client.release(true)
    },
  }
}
