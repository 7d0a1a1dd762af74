import { type Test, test } from 'tap'
import type { RuleDocument } from '../../src/domain/rule.ts'
import { rule } from '../support/rules.ts'
import { type Service, startService } from '../support/service.ts'
import { envelope, post } from '../support/webhooks.ts'

const rules = [
  rule({ key: 'new', conditions: { fact: 'event', operator: 'equal', value: 'chat.new' } }),
  ...[20, 30].map((department) =>
    rule({
      ...{ key: `to-${department}`, department, reroute: true, events: ['message.chat.customer'] },
      conditions: { fact: 'message', operator: 'equal', value: `to ${department}` },
    }),
  ),
]

const START_S = Math.floor(Date.now() / 1_000) - 10

/** HelpCrunch sends nothing by itself here: each test says what arrives, and when. */
async function startQuietly(t: Test, rules: readonly Partial<RuleDocument>[]): Promise<Service> {
  const service = await startService(t, { rules })
  service.simulator.webhooks.sendTo([])
  return service
}

/** Sends a webhook about something that happened some seconds after the start, and waits until it is worked off. */
async function arrive(service: Service, chatId: number, happenedS: number, text?: string): Promise<void> {
  const subject = { chat_id: chatId, customer: { id: 9011 } }
  const event =
    text === undefined
      ? { event: 'chat.new', eventData: { ...subject, status: 'new', department: null, assignee: null } }
      : { event: 'message.chat.customer', eventData: { ...subject, message: { id: chatId + happenedS, text } } }
  await post(service, envelope({ ...event, createdAt: START_S + happenedS }))
  await service.drained()
}

test('an event that comes after a newer one was decided does not override it, even by a rule with reroute', async (t) => {
  const service = await startQuietly(t, rules)
  const { id } = service.simulator.openChat({ customerId: 9011 })
  await arrive(service, id, 0)
  await arrive(service, id, 2, 'to 30')
  await arrive(service, id, 1, 'to 20')
  t.equal(service.simulator.chat(id).departmentId, 30)
  const { body } = await service.get('/v1/decisions')
  t.match(body.data[0], { outcome: 'skipped', reason: 'already_routed', department: { to: 20 } })

  await arrive(service, id, 3, 'to 20')
  t.equal(service.simulator.chat(id).departmentId, 20, 'a newer one does')
})

test('of one second, the new chat happened before its messages', async (t) => {
  const rerouting = rules.map((each) => ({ ...each, reroute: true }))
  const service = await startQuietly(t, rerouting)
  const { id } = service.simulator.openChat({ customerId: 9011 })
  await arrive(service, id, 0, 'to 20')
  await arrive(service, id, 0)
  t.equal(service.simulator.chat(id).departmentId, 20)
  await arrive(service, id, 0, 'to 30')
  t.equal(service.simulator.chat(id).departmentId, 30, 'messages come as they arrive')
})

test('a new chat that comes late is routed all the same when nothing newer has said where to', async (t) => {
  const service = await startQuietly(t, rules)
  const { id } = service.simulator.openChat({ customerId: 9011 })
  await arrive(service, id, 2, 'nothing that a rule asks for')
  await arrive(service, id, 0)
  t.equal(service.simulator.chat(id).departmentId, 10)
})
