import { test } from 'tap'
import { openDatabase } from '../../src/adapters/prisma/database.ts'
import { startRulesetListener } from '../../src/adapters/prisma/ruleset-listener.ts'
import { apiOf, ifMatch } from '../support/api.ts'
import { NONE } from '../support/none.ts'
import { query } from '../support/postgres.ts'
import { rule } from '../support/rules.ts'
import { startSecondApp } from '../support/second-app.ts'
import { startService, until } from '../support/service.ts'

// That edits are atomic, and decisions replayed exactly, is P20 and P21 of the chaos suite.

/** Deciding needs no call of the account's budget. */
const settings = { ROUTER_MODE: 'shadow' }

test('a chat that comes after a change is decided by it, at whatever replica', async (t) => {
  const service = await startService(t, { settings, rules: [rule()] })
  const replica = await startSecondApp(t, service, settings)
  for (const [version, one] of [replica, service, replica].entries()) {
    const department = [20, 30, 40][version] ?? 0
    await apiOf(one).send('PUT', '/v1/rules/german', rule({ department }), ifMatch(version + 1))
    const chat = service.simulator.openChat({ customerId: 9011 })
    await service.drained()
    const { body } = await service.get(`/v1/decisions?chatId=${chat.id}`)
    t.match(body.data, [
      { department: { to: department }, rule: { version: version + 2 }, rulesetVersion: version + 2 },
    ])
  }
})

test('a version whose number was given before, until the database was restored, is not taken for that one', async (t) => {
  const service = await startService(t, { settings, rules: [rule()] })
  for (const department of [20, 30]) {
    await apiOf(service).send('PUT', '/v1/rules/german', rule({ department }), ifMatch(1))
    const chat = service.simulator.openChat({ customerId: 9011 })
    await service.drained()
    const { body } = await service.get(`/v1/decisions?chatId=${chat.id}`)
    t.match(body.data, [{ department: { to: department }, rule: { version: 2 }, rulesetVersion: 2 }])
    await service.sql('DELETE FROM rule_versions WHERE live_from = 2')
    await service.sql('UPDATE rule_versions SET live_to = NULL')
    await service.sql('UPDATE ruleset_head SET version = 1')
  }
})

test('a new rule set is announced to who listens, and one that was missed after a lost connection too', async (t) => {
  const service = await startService(t, { settings: { ROLE: 'web' }, rules: [rule()] })
  const url = service.databaseUrl
  const database = openDatabase({ url, connections: 2, onLostConnection: () => {} })
  let heard = 0
  const onChange = async () => {
    heard += 1
  }
  const log = { info() {}, warn() {}, error() {} }
  const listener = startRulesetListener({ pool: database.pool, onChange, log })
  await until('a first look', () => heard === 1)
  await apiOf(service).send('PUT', '/v1/rules/german', rule(), ifMatch(1))
  await until('the announcement', () => heard === 2)
  await query(
    url,
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN ruleset_changed%' AND datname = current_database()",
  )
  await until('another look', () => heard === 3)
  await listener.stop()
  await apiOf(service).send('PUT', '/v1/rules/german', rule(), ifMatch(2))
  await database.close()
  t.equal(heard, 3, 'who has stopped hears nothing')
})

test('a set with many conditions is analysed beside the event loop', async (t) => {
  const many = Array.from({ length: 110 }, (_, index) =>
    rule({
      key: `company-${index}`,
      priority: 1_000 + index,
      conditions: { fact: 'emailDomain', operator: 'equal', value: `company-${index}.example` },
    }),
  )
  const { body } = await apiOf(await startService(t, { settings: { ROLE: 'web' }, rules: many })).send(
    'POST',
    '/v1/rules/check',
    { rule: { ...many[0], key: 'twin', priority: 1, department: 20 } },
  )
  t.match(body, { errors: NONE, warnings: [{ rule: 'twin', code: 'never_reached', others: ['company-0'] }] })
})
