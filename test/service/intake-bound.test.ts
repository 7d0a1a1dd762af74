import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { test } from 'tap'
import { countBody, createIntakeBound, NoRoom } from '../../src/routes/intake-bound.ts'
import { openRawClient, webhookHead } from '../chaos/raw-client.ts'
import { shareService, until } from '../support/service.ts'
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
