import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { test } from 'tap'
import { type Service, shareService } from '../support/service.ts'

const anyService = shareService({ settings: { ROLE: 'web' } })
const connectTo = ({ url }: Service) => connect(Number(new URL(url).port), '127.0.0.1')
const get = (path: string) => `GET ${path} HTTP/1.1\r\nhost: router.test\r\n\r\n`
const statuses = (replies: string) =>
  [...replies.matchAll(/HTTP\/1\.1 (\d{3}) [A-Z]/g)].map(([, status]) => Number(status))

test('of a thousand requests at once on one connection, four are worked on', async (t) => {
  const service = await anyService(t)
  for (const path of ['/openapi.json', '/docs/static/swagger-ui-bundle.js', '/v1/rules', '/nothing']) {
    const socket = connectTo(service)
    socket.write(get(path).repeat(1_000))
    const replies = await text(socket)
    const [first, ...others] = statuses(replies)
    t.strictSame(others, [...Array(3).fill(first), 429], path)
    t.match(
      replies,
      /connection: close[^{]*{[^}]*"code":"too_many_requests"/i,
      'the connection ends with the first too many',
    )
  }
})

test('a connection is used again and again', async (t) => {
  const service = await anyService(t)
  const socket = connectTo(service)
  t.teardown(() => socket.destroy())
  const answered: number[] = []
  socket.write(get('/healthz'))
  for await (const chunk of socket) {
    answered.push(...statuses(String(chunk)))
    if (answered.length === 30) break
    socket.write(get('/healthz'))
  }
  t.strictSame(answered, Array(30).fill(200))
})

test('who never reads an answer does not hold its connection for good', async (t) => {
  const { server } = (await anyService(t)).app
  t.ok(server.timeout > 0, 'Node ends no connection by itself whose answer waits to be read')
})
