import { once } from 'node:events'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { test } from 'tap'
import { countBody, createIntakeBound, NoRoom } from '../../src/routes/intake-bound.ts'
import { signBody } from '../../src/sandbox/simulator/sign-body.ts'
import { openRawClient, webhookHead } from '../chaos/raw-client.ts'
import { openConnection } from '../support/postgres.ts'
import { SIGNING_KEY, shareService, until } from '../support/service.ts'
import { envelope, post } from '../support/webhooks.ts'

const KIB = 1_024
/** Nothing works anything off. */
const anyService = shareService({ settings: { ROLE: 'web' } })
const body = (kib: number) => Readable.from(Array.from({ length: kib }, () => Buffer.alloc(KIB)))

test('there is room for so many webhooks at the same time, and again when one has left', (t) => {
  const bound = createIntakeBound(64 * KIB, () => {})
  const places = Array.from({ length: 4 }, () => bound.enter(16 * KIB))
  t.ok(places.every((place) => place !== undefined))
  t.equal(bound.enter(1), undefined, 'a fifth finds no room')
  places[0]?.leave()
  places[0]?.leave()
  t.ok(bound.enter(16 * KIB), 'there is room again')
  t.equal(bound.enter(1), undefined, 'for one')
  t.end()
})

test('a body is counted as it arrives; what is too much for the room ends with 503, and gives its room back', async (t) => {
  const bound = createIntakeBound(64 * KIB, () => {})
  const [place, second] = [bound.enter(0), bound.enter(0)]
  if (place === undefined || second === undefined) return t.fail('nothing was taken yet')
  t.equal((await buffer(countBody(body(40), place))).length, 40 * KIB, 'as much as there is room for')
  await t.rejects(buffer(countBody(body(60), second)), new NoRoom())
  t.equal(bound.enter(1), undefined, 'what has arrived is held')
  place.leave()
  second.leave()
  t.ok(bound.enter(64 * KIB), 'all of it is free')
})

test('what still comes of a webhook that was answered takes no room', (t) => {
  const bound = createIntakeBound(64 * KIB, () => {})
  const place = bound.enter(KIB)
  place?.leave()
  t.equal(place?.grow(64 * KIB), true)
  t.ok(bound.enter(64 * KIB), 'all of it is free')
  t.end()
})

test('a body of a wrong type is read to its end, and the next request of its connection is answered', async (t) => {
  const service = await anyService(t)
  const text = 'a'.repeat(500 * KIB)
  const head = webhookHead({ 'content-type': 'text/plain', 'content-length': String(text.length) })
  const { socket, status } = openRawClient(t, service.url, head + text)
  t.equal(await status, 415)
  const next = once(socket, 'data')
  socket.write('GET /healthz HTTP/1.1\r\nhost: router.test\r\n\r\n')
  t.match(String(await next), /^HTTP\/1\.1 200/)
})

test('a sender that goes away while the refusal of its body waits its turn ends nothing', async (t) => {
  const service = await anyService(t)
  const genuine = JSON.stringify(envelope())
  const signature = signBody(SIGNING_KEY, genuine)
  const late = webhookHead({ 'x-helpcrunch-signature': signature, 'content-length': String(genuine.length) }) + genuine
  const refused = webhookHead({ 'content-type': 'text/plain', 'transfer-encoding': 'chunked' })
  const other = await openConnection(t, service.databaseUrl)
  await other('BEGIN')
  await other('LOCK TABLE webhook_events')
  const { socket } = openRawClient(t, service.url, `${late}${refused}5\r\nhello\r\n`)
  const waiting = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
  await until('the first one waits', async () => (await service.sql(waiting)).length > 0)
  socket.destroy()
  await service.get('/healthz')
  await other('ROLLBACK')
  t.equal((await post(service, envelope())).status, 202)
})

const STALLING: readonly (readonly [string, string, number])[] = [
  ['one byte of a small body', '{', 100],
  ['most of a large body', '{'.padEnd(20 * KIB), 21 * KIB],
]
for (const [what, start, announced] of STALLING) {
  test(`whoever has no key keeps no genuine webhook out by sending slowly: ${what}`, async (t) => {
    const service = await anyService(t)
    const head = webhookHead({ 'content-length': String(announced) })
    const stalling = Array.from({ length: 600 }, () => openRawClient(t, service.url, head + start))
    await until('all is sent', () => stalling.every(({ socket }) => !socket.connecting && socket.writableLength === 0))
    await service.get('/healthz')
    for (let left = 20; left > 0; left--) t.equal((await post(service, envelope())).status, 202)
  })
}
