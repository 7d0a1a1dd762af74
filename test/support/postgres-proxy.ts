import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import type { Scope } from './scope.ts'

/** What becomes of some bytes; `cut` ends the connection in their place. */
type Fate = 'pass' | 'swallow' | 'cut'

/** What one connection goes through. */
export interface Wire {
  request?(bytes: Buffer): Fate
  reply?(bytes: Buffer): Fate
}

/** A way to a Postgres on which bytes get lost; `createWire` is asked for each connection. Gives the address to use. */
export async function startPostgresProxy(t: Scope, url: string, createWire: () => Wire): Promise<string> {
  const { port, hostname: host } = new URL(url)
  const proxy = createServer((client) => {
    const server = connect({ port: Number(port), host })
    const wire = createWire()
    const end = () => {
      client.destroy()
      server.destroy()
    }
    const pass = (bytes: Buffer, fate: Fate | undefined, to: typeof client) => {
      if (fate === 'cut') end()
      else if (fate !== 'swallow') to.write(bytes)
    }
    client.on('data', (bytes) => pass(bytes, wire.request?.(bytes), server))
    server.on('data', (bytes) => pass(bytes, wire.reply?.(bytes), client))
    for (const socket of [client, server]) socket.on('error', () => {}).on('close', end)
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  t.teardown(() => proxy.close())
  const changed = new URL(url)
  changed.host = `127.0.0.1:${(proxy.address() as AddressInfo).port}` // it listens on a port, not on a pipe
  return changed.href
}
