import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { test } from 'tap'
import { type Service, shareService } from '../support/service.ts'

const HEAD = 'POST /webhooks/helpcrunch HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n'
const connectTo = ({ url }: Pick<Service, 'url'>) => connect(Number(new URL(url).port), '127.0.0.1')
const anyService = shareService({ settings: { ROLE: 'web' } })
const LARGE = 'x'.repeat(32 * 1_024)

test('what never becomes a request is answered as a problem, and its connection ends', async (t) => {
  const service = await anyService(t)
  const send = async (request: string) => {
    const socket = connectTo(service)
    socket.write(request)
    const [head = '', body = ''] = (await text(socket)).split('\r\n\r\n')
    t.match(head, /content-type: application\/problem\+json/)
    return JSON.parse(body)
  }
  t.match(await send(`${HEAD}x-large: ${LARGE}\r\n\r\n`), { status: 431, code: 'headers_too_large' })
  const chunked = `${HEAD}transfer-encoding: chunked\r\n\r\n1;${LARGE}\r\nx\r\n`
  t.match(await send(chunked), { status: 413, code: 'body_too_large' })
  t.match(await send('no http at all\r\n\r\n'), { status: 400, code: 'bad_request' })
  t.equal((await service.get('/v1/events')).body.data.length, 0, 'nothing of it was stored')
})

test('who goes on sending after such an answer can still read it', async (t) => {
  const service = await anyService(t)
  const refused = once(service.app.server, 'clientError')
  const socket = connectTo(service)
  await write(socket, 'no http at all\r\n\r\n')
  await refused
  for (const more of ['which', 'goes', 'on']) await write(socket, more)
  t.match(await text(socket), /^HTTP\/1\.1 400 .*"code":"bad_request"/s)
})

/** Resolves when it is on its way. */
function write(socket: Socket, data: string): Promise<void> {
  return new Promise((resolve, reject) => socket.write(data, (error) => (error ? reject(error) : resolve())))
}
