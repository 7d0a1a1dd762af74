import { test } from 'tap'
import { signBody } from '../../src/sandbox/simulator/sign-body.ts'
import { startReceiver, startSmallAccount } from './simulator-fixture.ts'

test('a retry has the same id, other attempts, and its own signature', async (t) => {
  let seconds = 1_760_000_000
  const now = () => {
    seconds += 1
    return new Date(seconds * 1_000)
  }
  const { simulator } = await startSmallAccount(t, { now })
  const { url, received, answerNext } = await startReceiver(t, simulator)
  simulator.webhooks.sendTo(url, ['chat.new'])
  answerNext(500, 503)
  simulator.openChat({ customerId: 9011 })
  await simulator.webhooks.allDelivered()
  t.strictSame(
    received.map((webhook) => webhook.json.attempts),
    [0, 1, 2],
  )
  t.equal(new Set(received.map((webhook) => webhook.json.id)).size, 1)
  t.equal(new Set(received.map((webhook) => webhook.json.createdAt)).size, 1)
  t.equal(new Set(received.map((webhook) => webhook.json.lastAttemptAt)).size, 3)
  t.equal(new Set(received.map((webhook) => webhook.signature)).size, 3)
  for (const { body, signature } of received) t.equal(signature, signBody('test-signing-key', body))
  t.match(simulator.webhooks.sent, [{ state: 'delivered', tries: [{ status: 500 }, { status: 503 }, { status: 202 }] }])
})

test('a new chat of a new customer is a burst of three events, a second chat has no customer.new', async (t) => {
  const { simulator } = await startSmallAccount(t, { switches: { webhookConcurrency: 1 } })
  const receiver = await startReceiver(t, simulator)
  const first = simulator.openChat({ customerId: 9011, text: 'Hi' })
  const second = simulator.openChat({ customerId: 9011, text: 'Hi again' })
  await simulator.webhooks.allDelivered()
  const burst = ['chat.new', 'message.chat.customer']
  t.strictSame(receiver.events(), ['customer.new', ...burst, ...burst])
  t.strictSame(
    simulator.webhooks.sent.map((delivery) => delivery.chatId ?? delivery.customerId),
    [9011, first.id, first.id, second.id, second.id],
  )
})

test('an event that is given up is named by allDelivered, and settled all the same', async (t) => {
  const { simulator } = await startSmallAccount(t, { switches: { backoffMs: [] } })
  const { url, answerNext } = await startReceiver(t, simulator)
  simulator.webhooks.sendTo(url, ['chat.new'])
  answerNext(500)
  simulator.openChat({ customerId: 9011 })
  await simulator.webhooks.settled()
  await t.rejects(simulator.webhooks.allDelivered(), /1 webhooks were never delivered: chat.new .* \(500\)/)
})

test('what happens while paused is sent on resuming, and nothing is sent while no receiver is registered', async (t) => {
  const { simulator } = await startSmallAccount(t)
  simulator.openChat({ customerId: 9011 })
  const receiver = await startReceiver(t, simulator)
  simulator.webhooks.pause()
  simulator.openChat({ customerId: 9011 })
  await t.rejects(simulator.webhooks.settled(20), /20 ms passed while waiting for: every webhook/)
  t.equal(receiver.received.length, 0)
  simulator.webhooks.resume()
  await simulator.webhooks.allDelivered()
  t.strictSame(receiver.events(), ['chat.new'])
})

test('several receivers take turns, and a retry goes to the next one', async (t) => {
  const { simulator } = await startSmallAccount(t)
  const [one, other] = [await startReceiver(t, simulator), await startReceiver(t, simulator)]
  simulator.webhooks.sendTo([one.url, other.url], ['chat.new'])
  one.answerNext(503)
  simulator.openChat({ customerId: 9011 })
  await simulator.webhooks.allDelivered()
  t.strictSame([one.received.length, other.received.length], [1, 1])
})

test('after a rotation the next key signs', async (t) => {
  const { simulator } = await startSmallAccount(t)
  const { received } = await startReceiver(t, simulator)
  simulator.webhooks.rotateKey()
  await simulator.deliver()
  t.equal(received[0]?.signature, signBody('next-signing-key', received[0]?.body ?? ''))
  t.throws(() => simulator.webhooks.rotateKey(), /no further signing key/)
})

test('a handmade webhook is valid but for what the test changes', async (t) => {
  const { simulator } = await startSmallAccount(t)
  const { received } = await startReceiver(t, simulator)
  const reply = await simulator.deliver({ envelope: { event: 'chat.invented', attempts: 3, createdAt: undefined } })
  t.match(reply, { status: 202, replyBody: '{}', error: null })
  t.match(received[0]?.json, { event: 'chat.invented', attempts: 3, id: /^[0-9a-f-]{36}$/ })
  t.equal(received[0]?.json.createdAt, undefined)
  t.equal(received[0]?.signature, signBody('test-signing-key', received[0]?.body ?? ''))

  await simulator.deliver({ body: '[]', signature: 'ABC', headers: { 'content-type': 'text/plain', accept: null } })
  t.match(received[1], { body: '[]', signature: 'ABC', headers: { 'content-type': 'text/plain' } })
  t.equal(received[1]?.headers.accept, undefined)
})

test('a receiver that cannot be reached is a try without a status', async (t) => {
  const { simulator } = await startSmallAccount(t)
  simulator.webhooks.sendTo('http://127.0.0.1:1/webhooks')
  t.match(await simulator.deliver(), { status: null, error: /ECONNREFUSED/ })
})
