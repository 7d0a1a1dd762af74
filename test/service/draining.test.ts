import { once } from 'node:events'
import { Agent, get, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { test } from 'tap'
import { signBody } from '../../src/sandbox/simulator/sign-body.ts'
import { openRawClient, webhookHead } from '../chaos/raw-client.ts'
import { openConnection } from '../support/postgres.ts'
import { ADMIN_TOKEN, SIGNING_KEY, startService, until } from '../support/service.ts'
import { envelope } from '../support/webhooks.ts'

test('a webhook that is under way when the service closes is answered, and its connection closed', async (t) => {
  const { app, url, sql } = await startService(t, { settings: { ROLE: 'web' } })
  const body = JSON.stringify(envelope())
  const socket = connect({ host: '127.0.0.1', port: Number(new URL(url).port) })
  t.teardown(() => socket.destroy())
  const [head, rest] = [body.slice(0, 10), body.slice(10)]
  const headers = [
    'POST /webhooks/helpcrunch HTTP/1.1',
    'host: router.test',
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    `x-helpcrunch-signature: ${signBody(SIGNING_KEY, body)}`,
  ]
  const arrived = once(app.server, 'request')
  socket.write(`${headers.join('\r\n')}\r\n\r\n${head}`)
  await arrived
  const closing = app.close()
  await until('the service to close', () => app.isDraining())
  socket.write(rest)
  const answer = await text(socket) // ends when the service closes the connection

  t.match(answer, /^HTTP\/1\.1 202 /)
  t.match(answer, /^connection: close\r$/im)
  t.equal((await sql('SELECT FROM webhook_events')).length, 1, 'and it is stored')
  await closing
})

test('so is one whose head arrives only then', async (t) => {
  const { app, url } = await startService(t, { settings: { ROLE: 'web' } })
  const body = JSON.stringify(envelope())
  const signature = signBody(SIGNING_KEY, body)
  const head = webhookHead({ 'content-length': String(Buffer.byteLength(body)), 'x-helpcrunch-signature': signature })
  const connected = once(app.server, 'connection')
  const { socket, status } = openRawClient(t, url, head.slice(0, 20))
  await connected
  const closing = app.close()
  await until('the service to close', () => !app.server.listening)
  socket.write(head.slice(20) + body)
  t.equal(await status, 202)
  await closing
})

test('a close waits for no connection on which no request arrives whole', async (t) => {
  const { app, url } = await startService(t, { settings: { ROLE: 'web' } })
  const arrived = once(app.server, 'request')
  const begun = [openRawClient(t, url), openRawClient(t, url, 'GET /heal')]
  begun.push(openRawClient(t, url, `${webhookHead({ 'content-length': '100' })}{`))
  const second = openRawClient(t, url, 'GET /healthz HTTP/1.1\r\nhost: router.test\r\n\r\nGET /heal')
  begun.push(second)
  await second.status
  await arrived
  const getConnections = promisify(app.server.getConnections.bind(app.server))
  await until('all are open', async () => (await getConnections()) === begun.length)
  const startedAtMs = performance.now()
  await app.close()
  t.ok(performance.now() - startedAtMs < 5_000)
})

test('a close waits for an answer that takes its time', async (t) => {
  const { app, url, databaseUrl, get, sql } = await startService(t, { settings: { ROLE: 'web' } })
  const another = await openConnection(t, databaseUrl)
  await another('BEGIN')
  await another('LOCK TABLE decisions')
  const answer = get('/v1/decisions')
  const waits = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'relation'"
  await until('the answer waits', async () => (await sql(waits)).length > 0)
  const { socket } = openRawClient(t, url)
  await once(socket, 'connect')
  const unused = once(socket, 'close')
  const closing = app.close()
  await unused // which is closed after a while
  await another('ROLLBACK')
  t.match(await answer, { status: 200 })
  await closing
})

test('while others still notice that the service will close, it closes no connection but with an answer that says so', async (t) => {
  const { app, url } = await startService(t, { settings: { ROLE: 'web' } })
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => agent.destroy())
  const ask = async (dispatcher: Agent) => {
    const [response] = (await once(get(`${url}/readyz`, { agent: dispatcher }), 'response')) as [IncomingMessage]
    const { localPort: port } = response.socket
    await text(response)
    return { status: response.statusCode, connection: response.headers.connection, port }
  }
  const idle = await ask(agent)
  t.match(idle, { status: 200, connection: 'keep-alive' })
  const draining = app.drain()
  const other = new Agent({ keepAlive: true })
  t.match(await ask(other), { status: 503, connection: 'close' })
  const again = await ask(agent)
  t.match(again, { status: 503, connection: 'close' })
  t.equal(again.port, idle.port, 'the idle connection was still there')
  await draining
})

test('a call that HelpCrunch does not answer is broken off at a stop, and what hangs on it comes again', async (t) => {
  const lines: Record<string, unknown>[] = []
  const { app, simulator, sql } = await startService(t, { settings: { HELPCRUNCH_TIMEOUT_MS: '15000' }, lines })
  simulator.script({ method: 'GET' }, [{ kind: 'hang' }])
  simulator.openChat({ customerId: 9011 })
  await simulator.waitFor('the look-up', () => simulator.calls.all.length === 1)
  await app.close()
  t.match(await sql('SELECT status, starts FROM webhook_events WHERE chat_id IS NOT NULL'), [
    { status: 'waiting', starts: 0 },
  ])
  t.match(await sql('SELECT tries, claimed_by FROM chats'), [{ tries: 1, claimed_by: null }])
  t.notOk(lines.some(({ msg }) => msg === 'service.unanswered'))
})

test('a close does not wait for an answer that takes long', async (t) => {
  const settings = { ROLE: 'web', HELPCRUNCH_TIMEOUT_MS: '15000' }
  const lines: Record<string, unknown>[] = []
  const { app, simulator, url } = await startService(t, { settings, lines })
  simulator.script({ method: 'GET' }, [{ kind: 'hang' }])
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` }
  const answer = fetch(`${url}/v1/departments?refresh=true`, { headers }).catch(() => 'none')
  await simulator.waitFor('the call', () => simulator.calls.all.length === 1)
  const startedAtMs = performance.now()
  await app.close()
  t.ok(performance.now() - startedAtMs < 8_000)
  t.equal(await answer, 'none')
  t.ok(lines.some(({ msg, connections }) => msg === 'service.unanswered' && connections === 1))
})
