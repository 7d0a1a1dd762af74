import { test } from 'tap'
import { startService } from '../support/service.ts'

test('a new chat goes to the department of the first rule that matches', async (t) => {
  const { simulator, drained, get } = await startService(t)
  const chat = simulator.openChat({ customerId: 9011, text: 'Guten Tag' })
  await drained()

  t.equal(simulator.chat(chat.id).departmentId, 10)
  const { body } = await get('/v1/decisions')
  t.match(body.data[0], {
    chatId: chat.id,
    outcome: 'applied',
    rule: { key: 'german', version: 1 },
    department: { from: null, to: 10 },
  })
  const { body: decision } = await get(`/v1/decisions/${body.data[0].id}`)
  t.match(decision.facts, { event: 'chat.new', language: 'de', plan: 'Pro', tags: ['vip'] })
  t.match(decision.explanation, [{ rule: 'german', result: 'match' }])
  // On a slow machine the chat is looked at in between: its state is no longer fresh.
  t.match(decision.attempts[0], { number: 1, method: 'GET', path: '/customers/9011', status: 200 })
  t.match(decision.attempts.at(-1), { method: 'PUT', path: '/chats/department', status: 200 })
})
