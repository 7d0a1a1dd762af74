import { test } from 'tap'
import { createRulesetStore } from '../../src/adapters/prisma/ruleset-store.ts'
import type { CompiledRuleset } from '../../src/domain/ruleset.ts'
import { apiOf } from '../support/api.ts'
import { rule } from '../support/rules.ts'
import { startService } from '../support/service.ts'

const rules = ['a', 'b', 'c'].map((key) => rule({ key }))

test('while a rule set is compiled, others have their turn after each rule', async (t) => {
  const { app } = await startService(t, { rules, settings: { ROLE: 'web' } })
  let pauses = 0
  const store = createRulesetStore(app.database.prisma, () => async () => void pauses++)
  t.equal((await store.at(1)).rules.length, 3)
  t.equal(pauses, 3)
})

test('whoever looks at many past rule sets does not drive out the one in force', async (t) => {
  const { app } = await startService(t, { rules, settings: { ROLE: 'web' } })
  const store = createRulesetStore(app.database.prisma, () => async () => {})
  const inForce = await store.at(1)
  for (let past = 2; past < 50; past++) {
    await store.at(past)
    await store.at(1) // a chat is decided
  }
  t.equal(await store.at(1), inForce)
})

test('a rule set is the same whether a process has seen those before it or not', async (t) => {
  const service = await startService(t, { rules, settings: { ROLE: 'web' } })
  const { send } = apiOf(service)
  const created = () => createRulesetStore(service.app.database.prisma, () => async () => {})
  const [eachInTurn, everyThird] = [created(), created()]
  await eachInTurn.at(1)
  await everyThird.at(1)
  await send('PUT', '/v1/rules/b', rule({ key: 'b', priority: 900 }), ANY) // 2
  await send('POST', '/v1/rules', rule({ key: 'd', status: 'draft' })) // 3
  await send('DELETE', '/v1/rules/a', undefined, ANY) // 4
  await send('POST', '/v1/rules/a/rollback', { version: 1 }) // 5
  await send('PUT', '/v1/rules/order', { keys: ['d', 'c', 'b', 'a'] }) // 6
  await send('DELETE', '/v1/rules/d', undefined, ANY) // 7
  for (let version = 1; version <= 7; version++) {
    const afresh = contentOf(await created().at(version))
    t.equal(afresh.version, version)
    t.strictSame(contentOf(await eachInTurn.at(version)), afresh)
    if (version % 3 === 1) t.strictSame(contentOf(await everyThird.at(version)), afresh)
  }
  t.strictSame(
    contentOf(await everyThird.at(3)),
    contentOf(await eachInTurn.at(3)),
    'a past one, once newer ones are known',
  )
})

test('what has not changed is not compiled again', async (t) => {
  const service = await startService(t, { rules, settings: { ROLE: 'web' } })
  let compiled = 0
  const store = createRulesetStore(service.app.database.prisma, () => async () => void compiled++)
  const before = await store.at(1)
  await apiOf(service).send('PUT', '/v1/rules/b', rule({ key: 'b', department: 20 }), ANY)
  compiled = 0
  const after = await store.at(2)
  t.equal(compiled, 1)
  t.strictSame(
    after.rules.map((one) => before.rules.includes(one)),
    [true, false, true],
  )
})

test('of a database that was restored no rule set is told that was lost, be it in force or a past one', async (t) => {
  const service = await startService(t, { rules, settings: { ROLE: 'web' } })
  const { send } = apiOf(service)
  const store = createRulesetStore(service.app.database.prisma, () => async () => {})
  const inForce = async () => {
    const [head] = await service.sql<{ version: number; changed_at: Date }>('SELECT * FROM ruleset_head')
    return store.inForce({ version: head?.version ?? 0, changedAt: head?.changed_at ?? new Date(0) })
  }
  const departmentOf = ({ rules }: CompiledRuleset) =>
    rules.find(({ rule }) => rule.document.key === 'b')?.rule.document.department
  for (const department of [20, 30]) {
    await send('PUT', '/v1/rules/b', rule({ key: 'b', department }), ANY)
    await send('PUT', '/v1/rules/a', rule({ key: 'a', department }), ANY)
    t.equal(departmentOf(await inForce()), department)
    t.equal(departmentOf(await store.at(2)), department)
    await service.sql('DELETE FROM rule_versions WHERE live_from > 1')
    await service.sql('UPDATE rule_versions SET live_to = NULL')
    await service.sql('UPDATE ruleset_head SET version = 1')
  }
  await send('PUT', '/v1/rules/b', rule({ key: 'b', department: 40 }), ANY)
  t.equal(departmentOf(await inForce()), 40, 'although it was asked for as a past one')
})

const ANY = { 'if-match': '*' }

function contentOf({ version, rules }: CompiledRuleset) {
  return { version, rules: rules.map(({ rule }) => rule) }
}
