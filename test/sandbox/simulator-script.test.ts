import { type Test, test } from 'tap'
import type { Simulator } from '../../src/sandbox/simulator/simulator.ts'
import { startReceiver, startSmallAccount } from './simulator-fixture.ts'

/** A chat with one message, and the events that happen after its opening. */
async function openedChat(t: Test) {
  const { simulator } = await startSmallAccount(t)
  await startReceiver(t, simulator)
  const { id } = simulator.openChat({ customerId: 9011, text: 'Hi' })
  const before = simulator.webhooks.sent.length
  const events = () => simulator.webhooks.sent.slice(before).map((delivery) => delivery.event)
  return { simulator, id, events }
}

test("an agent's first answer takes the chat and opens it", async (t) => {
  const { simulator, id, events } = await openedChat(t)
  simulator.sendMessage(id, 'Hello, Ada here', 'agent', 88)
  t.strictSame(events(), ['message.chat.agent', 'chat.assigned', 'chat.status_updated'])
  t.match(simulator.chat(id), { assigneeId: 88, status: 'opened' })
})

test("a customer's message wakes a pending or closed chat and leaves a new one new", async (t) => {
  const { simulator, id } = await openedChat(t)
  const statusAfterMessage = () => simulator.sendMessage(id, 'Hello?').status
  t.equal(statusAfterMessage(), 'new')
  simulator.setChatStatus(id, 'pending')
  t.equal(statusAfterMessage(), 'opened')
  simulator.closeChat(id, 'customer')
  t.match(simulator.chat(id), { closedBy: 'customer', closedAt: Date })
  t.equal(statusAfterMessage(), 'opened')
  t.match(simulator.chat(id), { closedBy: null, closedAt: null })
})

test('a person who moves a chat causes no event', async (t) => {
  const { simulator, id, events } = await openedChat(t)
  simulator.agentMovesChat(id, 4411)
  t.equal(simulator.chat(id).departmentId, 4411)
  t.strictSame(events(), [])
})

test('what is done to a chat is sent under its own event', async (t) => {
  const { simulator, id, events } = await openedChat(t)
  simulator.agentTakesChat(id, 88)
  simulator.snoozeChat(id, new Date())
  simulator.snoozeChat(id, null)
  simulator.closeChat(id)
  simulator.rateChat(id, 'great')
  simulator.sendMessage(id, 'Seen', 'note', 88)
  simulator.sendMessage(id, 'By mail', 'agent_email', 88)
  simulator.sendMessage(id, 'By mail too', 'customer_email')
  t.strictSame(events(), [
    ...['chat.assigned', 'chat.snoozed', 'chat.unsnoozed', 'chat.closed', 'chat.rated', 'message.private'],
    ...['message.email.agent', 'chat.status_updated', 'message.email.customer'],
  ])
})

test('only those changes of a customer are sent that HelpCrunch has events for', async (t) => {
  const { simulator, events } = await openedChat(t)
  const eventsOf = (change: () => unknown) => {
    const before = events().length
    change()
    return events().slice(before)
  }
  const update = (fields: Parameters<Simulator['updateCustomer']>[1]) =>
    eventsOf(() => simulator.updateCustomer(9011, fields))
  t.strictSame(update({ locale: 'uk', customData: { plan: 'free' } }), [])
  t.strictSame(update({ email: 'olena@example.test' }), ['customer.email_updated'])
  t.strictSame(update({ unsubscribed: true, blocked: true }), ['customer.unsubscribed', 'customer.blocked'])
  t.strictSame(update({ unsubscribed: false, blocked: false }), ['customer.subscribed', 'customer.unblocked'])
  t.strictSame(
    eventsOf(() => simulator.tagCustomer(9011, 'vip')),
    ['customer.tags_changed'],
  )
  t.strictSame(
    eventsOf(() => simulator.deleteCustomer(9011)),
    ['customer.deleted'],
  )
})

test('a script that names something that is not there is a mistake', async (t) => {
  const { simulator, id } = await openedChat(t)
  t.throws(() => simulator.closeChat(1), /no chat 1/)
  t.throws(() => simulator.openChat({ customerId: 1 }), /no customer 1/)
  t.throws(() => simulator.openChat({ customerId: 9011, departmentId: 1 }), /no department 1/)
  t.throws(() => simulator.agentMovesChat(id, 1), /no department 1/)
  t.throws(() => simulator.agentTakesChat(id, 1), /no agent 1/)
})

test('waiting in vain says what was awaited', async (t) => {
  const { simulator } = await openedChat(t)
  await t.rejects(
    simulator.waitFor('a miracle', () => false, 10),
    /10 ms passed while waiting for: a miracle/,
  )
  await t.rejects(
    simulator.waitFor('a mistake', () => {
      throw new Error('mistaken')
    }),
    /mistaken/,
  )
})
