import { test } from 'tap'
import { createRulesetStore } from '../../src/adapters/prisma/ruleset-store.ts'
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
