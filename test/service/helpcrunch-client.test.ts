import dns from 'node:dns'
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { text } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { type Test, test } from 'tap'
import { createHelpcrunchClient } from '../../src/adapters/helpcrunch/client.ts'

function clientOf(t: Test, baseUrl: string) {
  const client = createHelpcrunchClient({ baseUrl, apiKey: 'key', timeoutMs: 5_000, connections: 1 })
  t.teardown(() => client.close())
  return client
}

async function listen(t: Test, server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`
}

const GET = { method: 'GET', path: '/chats/1' } as const

test('a reply is not compressed, though a proxy in between would', async (t) => {
  const proxy = createHttpServer(async (request, response) => {
    await text(request)
    // RFC 9110, section 12.5.3: who does not say what may be done takes anything.
    const mayCompress = (request.headers['accept-encoding'] ?? 'gzip').includes('gzip')
    response.end(mayCompress ? gzipSync('{"id":1}') : '{"id":1}')
  })
  const client = clientOf(t, await listen(t, proxy))
  t.match(await client.call(GET), { status: 200, body: '{"id":1}' })
})

test('what stands in the way is told for each address of a host', async (t) => {
  const addresses = ['127.0.0.1', '127.0.0.2'].map((address) => ({ address, family: 4 }))
  t.intercept(dns, 'lookup', {
    value: (...args: unknown[]) => (args[2] as (...found: unknown[]) => void)(null, addresses),
  })
  const client = clientOf(t, 'http://two-addresses.test:1')
  const message = /^ECONNREFUSED: connect .*127\.0\.0\.1:1.*127\.0\.0\.2:1/
  t.match(await client.call(GET), { kind: 'no_response', reason: 'connection', message })
})

test('what does not speak HTTP is named as that', async (t) => {
  const other = createServer((socket) => socket.end('SSH-2.0-server'))
  const client = clientOf(t, await listen(t, other))
  t.match(await client.call(GET), {
    kind: 'no_response',
    message: /^HTTPParserError: Response does not match the HTTP/,
  })
})
