import { connect, type Socket } from 'node:net'
import type { Scope } from '../support/scope.ts'

/** A client that writes to the socket what it likes, and reads what comes back. */
export interface RawClient {
  readonly socket: Socket
  /** The status of the first answer; undefined when the connection ended without one. */
  readonly status: Promise<number | undefined>
}

/** Connects, writes, and leaves the connection open for whoever wants to write more. */
export function openRawClient(t: Scope, url: string, text = ''): RawClient {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port) })
  t.teardown(() => socket.destroy())
  const { promise: status, resolve } = Promise.withResolvers<number | undefined>()
  socket.on('error', () => {}) // being cut off is what many of these are for
  socket.once('close', () => resolve(undefined))
  socket.once('data', (data) => resolve(Number(/^HTTP\/1\.1 (\d{3})/.exec(data.toString('latin1'))?.[1])))
  socket.write(text)
  return { socket, status }
}

/** The head of a webhook whose body is still to come. */
export function webhookHead(headers: Readonly<Record<string, string>>): string {
  const lines = Object.entries({ host: 'router.test', 'content-type': 'application/json', ...headers })
  return `POST /webhooks/helpcrunch HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}`).join('\r\n')}\r\n\r\n`
}
