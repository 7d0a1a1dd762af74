import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { test } from 'tap'
import { createIntakeBound, NO_ROOM } from '../../src/routes/intake-bound.ts'
import { until } from '../support/service.ts'

const KIB = 1_024
const body = (kib: number) => Readable.from(Array.from({ length: kib }, () => Buffer.alloc(KIB)))

test('there is room for so many webhooks at the same time, however small they are, and again when one has left', async (t) => {
  const bound = createIntakeBound(64 * KIB)
  const places = Array.from({ length: 4 }, () => bound.enter())
  t.ok(places.every((place) => place !== undefined))
  t.equal(bound.enter(), undefined, 'a fifth finds no room')
  places[0]?.leave()
  await until('there is room again', () => bound.enter() !== undefined)
})

test('a body is counted as it arrives; what is too much for the room ends with 503, and gives its room back', async (t) => {
  const bound = createIntakeBound(64 * KIB)
  const place = bound.enter()
  t.equal((await buffer(place?.count(body(40), 40 * KIB) ?? body(0))).length, 40 * KIB, 'as much as there is room for')
  const second = createIntakeBound(64 * KIB).enter()
  await t.rejects(buffer(second?.count(body(60), Number.NaN) ?? body(0)), { message: NO_ROOM, statusCode: 503 })
  place?.leave()
  await until('all of it is free', () => {
    const [first, last] = [bound.enter(), bound.enter()]
    first?.leave()
    last?.leave()
    return first !== undefined && last !== undefined
  })
})

test('a body that is announced as small goes with its request', (t) => {
  const place = createIntakeBound(64 * KIB).enter()
  const isCounted = (announcedBytes: number) => {
    const small = body(4)
    return place?.count(small, announcedBytes) !== small
  }
  t.strictSame([4 * KIB, 4 * KIB + 1, Number.NaN].map(isCounted), [false, true, true])
  t.end()
})

test('a webhook keeps its room until it is stored, even when it is answered sooner', async (t) => {
  const bound = createIntakeBound(16 * KIB)
  const place = bound.enter()
  const storing = Promise.withResolvers<void>()
  place?.keep(storing.promise)
  place?.leave()
  await new Promise(setImmediate)
  t.equal(bound.enter(), undefined, 'answered, but not stored')
  storing.reject(new Error('The database is away.'))
  await until('it has failed, and left', () => bound.enter() !== undefined)
})
