import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import pg from 'pg'
import type { Scope } from './scope.ts'

/** AuthenticationOk, and ReadyForQuery with no transaction open. */
const WELCOME = Buffer.from('R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I')

/**
 * A pooler, such as PgBouncer, that lets everybody in, drops what they ask for at the start, and has one connection for all of them,
 * who speak one after the other. Gives its address.
 */
export async function startPostgresPooler(t: Scope, url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {}) // its answers are read past it
  await client.connect()
  const server: Duplex = Reflect.get(client, 'connection').stream
  server.removeAllListeners('data')
  let speaker: Socket | undefined
  server.on('data', (bytes) => void speaker?.write(bytes))
  const pooler = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => {
      socket.write(WELCOME)
      socket.on('data', (bytes) => {
        speaker = socket
        if (bytes[0] !== BYE) server.write(bytes)
      })
    })
  })
  pooler.listen(0, '127.0.0.1')
  await once(pooler, 'listening')
  t.teardown(() => {
    server.destroy()
    pooler.close()
  })
  const changed = new URL(url)
  changed.host = `127.0.0.1:${(pooler.address() as AddressInfo).port}` // it listens on a port, not on a pipe
  return changed.href
}

/** The first byte of Terminate, which ends a client's connection and not the server's. */
const BYE = 'X'.charCodeAt(0)
