import { test } from 'tap'
import { readWebhookBody } from '../../src/domain/webhook-body.ts'

const read = (body: string | Uint8Array) => readWebhookBody(Buffer.from(body))
const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)

test('JSON is read as it was written', (t) => {
  t.strictSame(read('{"text":"\\u041f\\u0440 \\/ \\u0000","n":[1,true,null]}'), {
    kind: 'json',
    value: { text: 'Пр / \u0000', n: [1, true, null] },
  })
  t.strictSame(read('7'), { kind: 'json', value: 7 }, 'what it means is not asked here')
  t.end()
})

test('a byte order mark is no part of the JSON', (t) => {
  t.strictSame(read('\uFEFF{"a":1}'), { kind: 'json', value: { a: 1 } })
  t.end()
})

test('of two equal keys the last one counts', (t) => {
  t.strictSame(read('{"id":"a","id":"b"}'), { kind: 'json', value: { id: 'b' } })
  t.end()
})

test('half of a surrogate pair and a number too large are still JSON', (t) => {
  t.strictSame(read('{"text":"\\ud83d","n":1e400}'), { kind: 'json', value: { text: '\ud83d', n: Infinity } })
  t.end()
})

test('keys that reach a prototype are left out', (t) => {
  const reading = read('{"a":1,"__proto__":{"admin":true},"b":{"constructor":{"prototype":{"admin":true}}}}')
  t.strictSame(reading, { kind: 'json', value: { a: 1, b: {} } })
  t.strictSame(read('{"\\u005f_proto__":{"admin":true}}'), { kind: 'json', value: {} })
  t.equal(Reflect.get({}, 'admin'), undefined)
  t.end()
})

test('bytes that are no UTF-8 are never replaced', (t) => {
  const problem = 'the body is not UTF-8'
  t.strictSame(read(Buffer.from([0x22, 0xff, 0x22])), { kind: 'unreadable', problem })
  t.strictSame(read(Buffer.from('"é"', 'latin1')), { kind: 'unreadable', problem })
  t.strictSame(read(Buffer.from('{}', 'utf16le').subarray(0, 3)), {
    kind: 'unreadable',
    problem: 'the body is not JSON',
  })
  t.end()
})

test('what is no JSON is unreadable', (t) => {
  for (const body of ['', ' ', '{', '{"a":1,}', "{'a':1}", 'NaN', '{"a":1}{"b":2}', 'event=chat.new']) {
    t.strictSame(read(body), { kind: 'unreadable', problem: 'the body is not JSON' }, body)
  }
  t.end()
})

test('32 levels are read, and no more, be they a hundred thousand', (t) => {
  const problem = 'the body is nested deeper than 32 levels'
  t.equal(read(nested(32)).kind, 'json')
  t.strictSame(read(nested(33)), { kind: 'unreadable', problem })
  t.strictSame(read(nested(100_000)), { kind: 'unreadable', problem })
  t.strictSame(read(`${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`), { kind: 'unreadable', problem })
  t.end()
})
