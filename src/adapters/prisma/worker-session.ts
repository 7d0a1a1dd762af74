import type pg from 'pg'

/** A connection that a worker keeps for as long as it lives. When its process dies, the connection is closed for it. */
export interface WorkerSession {
  /** What Postgres calls the connection, which is used, and opened again when it was lost; undefined while that fails. */
  name(): Promise<string | undefined>
  /** Closes it for good. */
  end(): Promise<void>
}

interface OpenSession {
  readonly name: string
  /** Closes it if it does not answer: one whose server has gone without a word would seem open for two hours. */
  check(): void
  close(): void
}

const WHO_AM_I = `SELECT pid || ' ' || extract(epoch FROM backend_start) AS name
  FROM pg_stat_activity WHERE pid = pg_backend_pid()`

export function createWorkerSession(pool: pg.Pool): WorkerSession {
  // Beats may overlap, and must not open one each: a pool waits for all that it has lent before it ends.
  let session: Promise<OpenSession | undefined> | undefined
  let isOver = false

  async function open(): Promise<OpenSession> {
    const client = await pool.connect()
    let isOpen = true
    const close = () => {
      if (!isOpen) return
      isOpen = false
      session = undefined
      client.release(true)
    }
    let isChecking = false
    const check = () => {
      if (isChecking) return
      isChecking = true
      client.query('SELECT').then(() => {
        isChecking = false
      }, close)
    }
    client.once('end', close)
    client.once('error', close)
    try {
      const { rows } = await client.query<{ name: string }>(WHO_AM_I)
      return { name: rows[0]?.name ?? '', check, close }
    } catch (error) {
      close()
      throw error
    }
  }

  return {
    async name() {
      if (isOver) return undefined
      session ??= open().catch(() => {
        session = undefined
        return undefined
      })
      const current = await session
      current?.check()
      return current?.name
    },
    async end() {
      isOver = true
      const last = await session
      last?.close()
    },
  }
}
