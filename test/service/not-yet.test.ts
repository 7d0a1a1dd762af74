import { test } from 'tap'
import { rule } from '../support/rules.ts'
import { startService } from '../support/service.ts'

const refund = rule({
  key: 'refund',
  priority: 100,
  conditions: { fact: 'message', operator: 'includesWord', value: 'refund' },
  department: 20,
})
const settings = { DEFAULT_DEPARTMENT_ID: '40' }
const late = { switches: { firstMessageDelayMs: 500 } }

test('a rule on the message waits for a first message that comes after the chat', async (t) => {
  const { simulator, drained, get } = await startService(t, { rules: [refund], settings, simulator: late })
  simulator.openChat({ customerId: 9011, text: 'a refund, please' })
  await drained()
  t.match((await get('/v1/decisions')).body.data, [{ outcome: 'applied', rule: { key: 'refund' } }])
  t.equal(simulator.calls.count({ method: 'GET' }), 2)
})

test('it waits, too, behind rules on what the chat or its customer does not have', async (t) => {
  const before = [
    rule({ key: 'there', priority: 900, conditions: { fact: 'department', operator: 'equal', value: 30 } }),
    rule({ key: 'taken', priority: 800, conditions: { fact: 'assignee', operator: 'exists' } }),
    rule({ key: 'paying', priority: 700, conditions: { fact: 'plan', operator: 'equal', value: 'business' } }),
  ]
  const { simulator, drained, get } = await startService(t, { rules: [...before, refund], settings, simulator: late })
  simulator.openChat({ customerId: 9011, text: 'a refund, please' })
  await drained()
  t.match((await get('/v1/decisions')).body.data, [{ outcome: 'applied', rule: { key: 'refund' } }])
})

test('nobody waits for a message that could change nothing', async (t) => {
  const rules = [
    rule({ key: 'free', priority: 900, conditions: { fact: 'department', operator: 'missing' } }),
    rule({
      ...refund,
      key: 'refund-there',
      priority: 950,
      conditions: { all: [{ fact: 'department', operator: 'equal', value: 30 }, refund.conditions] },
    }),
    refund,
  ]
  const { simulator, drained, get } = await startService(t, { rules, settings })
  simulator.openChat({ customerId: 9011 })
  await drained()
  t.match((await get('/v1/decisions')).body.data, [{ outcome: 'applied', rule: { key: 'free' } }])
  t.equal(simulator.calls.count({ method: 'GET', path: '/v1/chats/{id}' }), 1)
})
