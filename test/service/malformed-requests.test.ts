import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { test } from 'tap'
import { startService } from '../support/service.ts'

const HEAD = 'POST /webhooks/helpcrunch HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n'
const LARGE = 'x'.repeat(32 * 1_024)

test('what never becomes a request is answered as a problem, and its connection ends', async (t) => {
  const { url, get } = await startService(t)
  const send = async (request: string) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    socket.write(request)
    const [head = '', body = ''] = (await text(socket)).split('\r\n\r\n')
    t.match(head, /content-type: application\/problem\+json/)
    return JSON.parse(body)
  }
  t.match(await send(`${HEAD}x-large: ${LARGE}\r\n\r\n`), { status: 431, code: 'headers_too_large' })
  const chunked = `${HEAD}transfer-encoding: chunked\r\n\r\n1;${LARGE}\r\nx\r\n`
  t.match(await send(chunked), { status: 413, code: 'body_too_large' })
  t.match(await send('no http at all\r\n\r\n'), { status: 400, code: 'bad_request' })
  t.equal((await get('/v1/events')).body.data.length, 0, 'nothing of it was stored')
})
