import { test } from 'tap'
import type { RuleDocument } from '../../src/domain/rule.ts'
import { NONE } from '../support/none.ts'
import { startSecondApp } from '../support/second-app.ts'
import { type Service, shareService, startService, until } from '../support/service.ts'
import { envelope, post } from '../support/webhooks.ts'

const rules: readonly Partial<RuleDocument>[] = [
  { key: 'scale', priority: 900, conditions: { fact: 'plan', operator: 'equal', value: 'scale' }, department: 20 },
  { key: 'vip', priority: 800, conditions: { fact: 'tags', operator: 'contains', value: 'vip' }, department: 30 },
  { key: 'german', priority: 500 },
]

/** Each test has customers of its own, and says which webhooks HelpCrunch sends. */
const anyService = shareService({ rules })

/** Opens a chat and tells which rule decided it, and what it cost. */
async function route(service: Service, customerId: number, chat: { text?: string } = {}) {
  const { simulator, drained, get } = service
  await drained()
  simulator.calls.forget()
  const { id } = simulator.openChat({ customerId, ...chat })
  await drained()
  const { body } = await get(`/v1/decisions?chatId=${id}`)
  const { outcome, rule } = body.data[0]
  const { body: decision } = await get(`/v1/decisions/${body.data[0].id}`)
  const lookUps = simulator.calls.count({ method: 'GET', path: '/v1/customers/{id}' })
  return { outcome, rule: rule?.key ?? null, lookUps, facts: decision.facts }
}

test('what customer events tell is not asked for again', async (t) => {
  const service = await anyService(t)
  const customer = { id: 9500, name: 'Mia', email: 'mia@example.test', unsubscribed: false }
  service.simulator.addCustomer({ id: 9500, locale: 'de', customData: { plan: 'another by now' } })
  await post(
    service,
    envelope({ event: 'customer.email_updated', eventData: { ...customer, customData: { Plan: 'Scale' } } }),
  )
  service.simulator.webhooks.sendTo(`${service.url}/webhooks/helpcrunch`, ['chat.new'])
  t.match(await route(service, 9500), {
    outcome: 'applied',
    rule: 'scale',
    lookUps: 0,
    facts: { plan: 'Scale', unsubscribed: false },
  })
})

test('a customer who has been looked up is not looked up again', async (t) => {
  const service = await anyService(t)
  service.simulator.webhooks.sendTo(`${service.url}/webhooks/helpcrunch`, ['chat.new'])
  t.match(await route(service, 9011), { rule: 'vip', lookUps: 1 })
  t.match(await route(service, 9011), { rule: 'vip', lookUps: 0, facts: { language: 'de', tags: ['vip'] } })
})

test('changed tags are looked up anew', async (t) => {
  const service = await anyService(t)
  service.simulator.webhooks.sendTo(`${service.url}/webhooks/helpcrunch`)
  const { id } = service.simulator.addCustomer({ locale: 'de-DE' })
  t.match(await route(service, id), { rule: 'german', lookUps: 1, facts: { tags: NONE } })
  service.simulator.tagCustomer(id, 'VIP')
  t.match(await route(service, id), { rule: 'vip', lookUps: 1, facts: { tags: ['VIP'] } })
  service.simulator.updateCustomer(id, { tags: [] })
  t.match(await route(service, id), { rule: 'german', lookUps: 1, facts: { tags: NONE } })
  t.match(await route(service, id), { rule: 'german', lookUps: 0 })
})

for (const [event, lookUps, effect] of [
  ['customer.new', 0, 'takes nothing from what it tells'],
  ['customer.tags_changed', 1, 'has the tags looked up anew'],
] as const) {
  test(`${event} during the look-up ${effect}`, async (t) => {
    const service = await anyService(t)
    const { simulator, url, drained, sql } = service
    simulator.webhooks.sendTo(`${url}/webhooks/helpcrunch`, ['chat.new'])
    const { id } = simulator.addCustomer({ locale: 'de-DE', tags: ['vip'] })
    const path = `/v1/customers/${id}`
    const answer = Promise.withResolvers<void>()
    simulator.script({ path }, [{ kind: 'hold', until: answer.promise }])
    simulator.openChat({ customerId: id })
    await simulator.waitFor('the look-up', () => simulator.calls.count({ path }) === 1)
    await post(service, envelope({ event, eventData: { id } }))
    await until('what it tells', async () => (await sql('SELECT FROM customers WHERE id = $1', [id])).length === 1)
    answer.resolve()
    await drained()
    t.match(await route(service, id), { rule: 'vip', lookUps, facts: { language: 'de', tags: ['vip'] } })
  })
}

test('changed tags are looked up anew also when that is told late, after newer events', async (t) => {
  const service = await anyService(t)
  service.simulator.webhooks.sendTo(`${service.url}/webhooks/helpcrunch`, ['chat.new'])
  const { id } = service.simulator.addCustomer({ locale: 'de-DE' })
  t.match(await route(service, id), { rule: 'german', facts: { tags: NONE } })
  service.simulator.updateCustomer(id, { tags: ['vip'] })
  const now = Math.floor(Date.now() / 1_000)
  const company = { id, company: 'Mia Ltd' }
  await post(service, envelope({ event: 'customer.email_updated', eventData: company, createdAt: now }))
  await service.drained()
  await post(service, envelope({ event: 'customer.tags_changed', eventData: { id }, createdAt: now - 60 }))
  t.match(await route(service, id), { rule: 'vip', lookUps: 1, facts: { tags: ['vip'] } })
})

test('that a customer was blocked is learned also when it is told late, after newer events', async (t) => {
  const service = await anyService(t)
  service.simulator.webhooks.sendTo(`${service.url}/webhooks/helpcrunch`, ['chat.new'])
  const { id } = service.simulator.addCustomer({ locale: 'de-DE' })
  t.match(await route(service, id), { facts: { blocked: false } })
  service.simulator.updateCustomer(id, { blocked: true })
  const now = Math.floor(Date.now() / 1_000)
  await post(service, envelope({ event: 'customer.email_updated', eventData: { id }, createdAt: now }))
  await service.drained()
  await post(service, envelope({ event: 'customer.blocked', eventData: { id }, createdAt: now - 1 }))
  t.match(await route(service, id), { lookUps: 1, facts: { blocked: true } })
})

test('what an event tells late does not take the place of what a newer one has told', async (t) => {
  const service = await anyService(t)
  service.simulator.webhooks.sendTo(`${service.url}/webhooks/helpcrunch`, ['chat.new'])
  const { id } = service.simulator.addCustomer({ locale: 'de-DE' })
  await route(service, id)
  const now = Math.floor(Date.now() / 1_000)
  const tell = async (company: string, createdAt: number) => {
    await post(service, envelope({ event: 'customer.email_updated', eventData: { id, company }, createdAt }))
    await service.drained()
  }
  await tell('New Ltd', now)
  await tell('Old Ltd', now - 60)
  t.match(await route(service, id), { lookUps: 0, facts: { company: 'New Ltd' } })
})

test('a customer is looked up again after an hour', async (t) => {
  const service = await anyService(t)
  service.simulator.webhooks.sendTo(`${service.url}/webhooks/helpcrunch`, ['chat.new'])
  const { id } = service.simulator.addCustomer({ locale: 'de-DE' })
  await route(service, id)
  service.simulator.updateCustomer(id, { locale: 'uk' })
  await service.sql("UPDATE customers SET fetched_at = fetched_at - interval '59 min' WHERE id = $1", [id])
  t.match(await route(service, id), { lookUps: 0, facts: { language: 'de' } })
  await service.sql("UPDATE customers SET fetched_at = fetched_at - interval '2 min' WHERE id = $1", [id])
  t.match(await route(service, id), { lookUps: 1, facts: { language: 'uk' } })
})

test('what customer events say of e-mail, block and subscription is believed', async (t) => {
  const service = await anyService(t)
  const events = ['chat.new', 'customer.email_updated', 'customer.blocked', 'customer.unsubscribed']
  service.simulator.webhooks.sendTo(`${service.url}/webhooks/helpcrunch`, events)
  const { id } = service.simulator.addCustomer({ locale: 'de-DE', email: 'old@example.test' })
  t.match(await route(service, id), { facts: { email: 'old@example.test', blocked: false, unsubscribed: false } })
  service.simulator.updateCustomer(id, { email: 'new@example.org', blocked: true, unsubscribed: true })
  t.match(await route(service, id), {
    lookUps: 0,
    facts: { email: 'new@example.org', emailDomain: 'example.org', blocked: true, unsubscribed: true },
  })
})

test('a deleted customer leaves nothing behind to decide by', async (t) => {
  const service = await anyService(t)
  service.simulator.webhooks.sendTo(`${service.url}/webhooks/helpcrunch`)
  const { id } = service.simulator.addCustomer({ locale: 'de-DE', email: 'gone@example.test' })
  await route(service, id)
  service.simulator.webhooks.sendTo(`${service.url}/webhooks/helpcrunch`, ['customer.deleted'])
  const chat = service.simulator.openChat({ customerId: id })
  service.simulator.deleteCustomer(id)
  await service.drained()
  await post(service, envelope({ eventData: { chat_id: chat.id, customer: { id } } }))
  await service.drained()
  const { body } = await service.get(`/v1/decisions?chatId=${chat.id}`)
  t.match(body.data, [{ outcome: 'no_match' }])
  const { body: decision } = await service.get(`/v1/decisions/${body.data[0].id}`)
  t.strictSame(
    Object.keys(decision.facts).filter((name) => ['email', 'locale', 'language', 'tags'].includes(name)),
    [],
  )
})

test('a customer whom HelpCrunch does not know yet is asked for again', async (t) => {
  const service = await startService(t, { rules, simulator: { switches: { customerDelayMs: 500 } } })
  const { id } = service.simulator.addCustomer({ locale: 'de-DE' })
  t.match(await route(service, id), { outcome: 'applied', rule: 'german', lookUps: 2, facts: { language: 'de' } })
})

test('a customer whom HelpCrunch does not know for longer leaves the facts unknown, and the decision goes on', async (t) => {
  const service = await startService(t, {
    rules,
    settings: { DEFAULT_DEPARTMENT_ID: '40' },
    simulator: { switches: { customerDelayMs: 60_000 } },
  })
  const { simulator, sql } = service
  const { id } = simulator.addCustomer({ locale: 'de-DE', tags: ['vip'] })
  const routing = route(service, id)
  await simulator.waitFor('the look-up', () => simulator.calls.count({ status: 404 }) === 1)
  await sql("UPDATE webhook_events SET received_at = received_at - interval '10 s'") // as if so much time had passed
  const routed = await routing
  t.match(routed, { outcome: 'applied', rule: null, lookUps: 2 })
  t.notOk('language' in routed.facts)
  t.notOk('tags' in routed.facts)
})

test('a customer event whose work never comes to an end is set aside after three starts', async (t) => {
  const service = await startService(t, { settings: { ROLE: 'web' } })
  const event = envelope({ event: 'customer.tags_changed', eventData: { id: 9011 } })
  await post(service, event)
  await service.sql('UPDATE webhook_events SET starts = 3') // as when it has ended its process three times
  await startSecondApp(t, service)
  await until('the event to be set aside', async () => {
    return (await service.get(`/v1/events/${event.id}`)).body.status === 'set_aside'
  })
  const { body } = await service.get(`/v1/events/${event.id}`)
  t.match(body.problem, 'started 3 times and never came to an end')
})
