import { createHmac } from 'node:crypto'
import { test } from 'tap'
import { isSignedBy } from '../../src/domain/signature.ts'

const KEY = 'test-signing-key'
const PLAIN = Buffer.from(
  '{"event":"chat.new","eventData":{"chat_id":7001},"attempts":0,"lastAttemptAt":1760000001,"createdAt":1760000001,"id":"0b6f2a52-5c0e-4f0f-9d0b-3c3b3f7a9e11"}',
)
const PLAIN_SIGNATURE = '5b718c8717b0a4a6649a41a18a1cbef0366f4ffb'
const ESCAPED = Buffer.from(
  String.raw`{"event":"message.chat.customer","eventData":{"message":{"text":"\u041f\u0440\u0438\u0432\u0456\u0442 https:\/\/example.test\/a"}}}`,
)
const ESCAPED_SIGNATURE = '1645b7f36b82ac8e59a2d85ad52afa7ab03a2faf'

test('the signatures of the published bodies are good', (t) => {
  t.equal(isSignedBy([KEY], PLAIN, PLAIN_SIGNATURE), true)
  t.equal(isSignedBy([KEY], ESCAPED, ESCAPED_SIGNATURE), true)
  t.end()
})

test('the bytes are signed, not what they mean: a body written anew is another one', (t) => {
  const rewritten = Buffer.from(JSON.stringify(JSON.parse(ESCAPED.toString())))
  t.equal(isSignedBy([KEY], rewritten, ESCAPED_SIGNATURE), false)
  t.equal(isSignedBy([KEY], rewritten, 'ed229a7f155ee21976d065eab120153836287d33'), true)
  t.equal(isSignedBy([KEY], ESCAPED, 'ed229a7f155ee21976d065eab120153836287d33'), false)
  t.end()
})

test('any of several keys will do, in whatever order, and no other', (t) => {
  t.equal(isSignedBy(['next-signing-key', KEY], PLAIN, PLAIN_SIGNATURE), true)
  t.equal(isSignedBy([KEY, 'next-signing-key'], PLAIN, PLAIN_SIGNATURE), true)
  t.equal(isSignedBy(['next-signing-key'], PLAIN, PLAIN_SIGNATURE), false)
  t.equal(isSignedBy([], PLAIN, PLAIN_SIGNATURE), false)
  t.end()
})

test('only the lower-case hex digits of one HMAC-SHA1 are a signature', (t) => {
  const digest = (algorithm: string) => createHmac(algorithm, KEY).update(PLAIN)
  const notSignatures: readonly (readonly [string, unknown])[] = [
    ['upper case', PLAIN_SIGNATURE.toUpperCase()],
    ['a digit less', PLAIN_SIGNATURE.slice(1)],
    ['a digit more', `${PLAIN_SIGNATURE}0`],
    ['a prefix', `sha1=${PLAIN_SIGNATURE}`],
    ['a line end', `${PLAIN_SIGNATURE}\n`],
    ['base64', digest('sha1').digest('base64')],
    ['SHA-256', digest('sha256').digest('hex')],
    ['SHA-256, cut', digest('sha256').digest('hex').slice(0, 40)],
    ['beyond ASCII', `é${PLAIN_SIGNATURE.slice(1)}`],
    ['two of them', `${PLAIN_SIGNATURE}, ${PLAIN_SIGNATURE}`],
    ['a list', [PLAIN_SIGNATURE]],
    ['empty', ''],
    ['none', undefined],
  ]
  for (const [name, signature] of notSignatures) t.equal(isSignedBy([KEY], PLAIN, signature), false, name)
  t.end()
})
