import { test } from 'tap'
import { phpJson } from '../../src/sandbox/simulator/php-json.ts'
import { signBody } from '../../src/sandbox/simulator/sign-body.ts'
import { startReceiver, startSmallAccount } from './simulator-fixture.ts'

const KEY = 'test-signing-key'
const PLAIN =
  '{"event":"chat.new","eventData":{"chat_id":7001},"attempts":0,"lastAttemptAt":1760000001,"createdAt":1760000001,"id":"0b6f2a52-5c0e-4f0f-9d0b-3c3b3f7a9e11"}'
const ESCAPED = String.raw`{"event":"message.chat.customer","eventData":{"message":{"text":"\u041f\u0440\u0438\u0432\u0456\u0442 https:\/\/example.test\/a"}}}`

test('a signature is lower-case hex HMAC-SHA1 over the exact bytes', (t) => {
  t.equal(signBody(KEY, PLAIN), '5b718c8717b0a4a6649a41a18a1cbef0366f4ffb')
  t.equal(signBody(KEY, ESCAPED), '1645b7f36b82ac8e59a2d85ad52afa7ab03a2faf')
  t.equal(signBody(KEY, Buffer.from(ESCAPED)), '1645b7f36b82ac8e59a2d85ad52afa7ab03a2faf')
  t.equal(signBody(KEY, JSON.stringify(JSON.parse(ESCAPED))), 'ed229a7f155ee21976d065eab120153836287d33')
  t.end()
})

test('JSON is written as PHP writes it', (t) => {
  t.equal(phpJson(JSON.parse(ESCAPED)), ESCAPED)
  t.equal(phpJson(JSON.parse(PLAIN)), PLAIN)
  t.equal(phpJson({ text: '😕 é "q" \\ \n' }), String.raw`{"text":"\ud83d\ude15 \u00e9 \"q\" \\ \n"}`)
  t.end()
})

test('what is sent on the wire is escaped as PHP does it, and signed as it is', async (t) => {
  const { simulator } = await startSmallAccount(t)
  const { received } = await startReceiver(t, simulator)
  simulator.openChat({ customerId: 9011, text: 'Привіт https://example.test/a' })
  await simulator.webhooks.allDelivered()
  const message = received.find((webhook) => webhook.json.event === 'message.chat.customer')
  t.match(message?.body, String.raw`\u041f\u0440\u0438\u0432\u0456\u0442 https:\/\/example.test\/a`)
  t.equal(message?.signature, signBody(KEY, message?.body ?? ''))
  t.match(message?.headers['user-agent'], /^GuzzleHttp\//)
  t.match(message?.headers, { accept: 'application/json', 'content-type': 'application/json' })
})
