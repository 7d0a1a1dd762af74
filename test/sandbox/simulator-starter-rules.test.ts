import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'tap'
import { readRulesDir } from '../../src/adapters/rule-files.ts'
import { assembleFacts, openLookups } from '../../src/domain/assemble-facts.ts'
import { readChat } from '../../src/domain/chat-snapshot.ts'
import { readCustomer } from '../../src/domain/customer-profile.ts'
import type { Facts } from '../../src/domain/facts.ts'
import { findWinner } from '../../src/domain/find-winner.ts'
import type { RuleDocument } from '../../src/domain/rule.ts'
import { runRuleTests } from '../../src/domain/rule-tests.ts'
import { type CompiledRuleset, compileRuleset } from '../../src/domain/ruleset.ts'
import { readRule } from '../../src/domain/validate-rule.ts'
import type { Simulator } from '../../src/sandbox/simulator/simulator.ts'
import { DEPARTMENTS } from '../../src/sandbox/world/departments.ts'
import { populate } from '../../src/sandbox/world/populate.ts'
import { RESIDENTS, type Visit } from '../../src/sandbox/world/visits.ts'
import { callApi, startSmallAccount } from './simulator-fixture.ts'

const FOLDER = fileURLToPath(new URL('../../rules', import.meta.url))
const MONDAY_MORNING = new Date('2026-03-02T10:00:00+02:00')
const SUNDAY = new Date('2026-03-01T12:00:00+02:00')

async function starterRules(): Promise<RuleDocument[]> {
  const files = await readRulesDir(FOLDER)
  return files.map(({ file, json }) => {
    const reading = readRule(json)
    if (reading.kind === 'invalid') throw new Error(`${file}: ${JSON.stringify(reading.problems)}`)
    if (basename(file) !== `${reading.rule.key}.json`) throw new Error(`${file} holds the rule ${reading.rule.key}`)
    return reading.rule
  })
}

test('every starter rule is valid, explains itself, passes its own tests and names a department of the sandbox', async (t) => {
  const departmentIds = DEPARTMENTS.map((department) => department.id)
  for (const rule of await starterRules()) {
    const results = await runRuleTests(rule)
    t.ok(results.length > 0, `${rule.key} has tests`)
    t.strictSame(
      results.filter((result) => !result.passed),
      [],
      `${rule.key} passes them`,
    )
    t.ok(rule.description, `${rule.key} has a description`)
    t.ok(departmentIds.includes(rule.department), `${rule.key} has a department`)
  }
})

test('every enabled starter rule wins for somebody, and few chats need a look at their message', async (t) => {
  const { simulator } = await startSmallAccount(t, { switches: { rateLimitPerMinute: 10_000 } })
  populate(simulator)
  const rules = await starterRules()
  const ruleset = compileRuleset({ version: 1, rules: rules.map((document) => ({ version: 1, document })) })
  const winners = new Set<string | undefined>()
  const shares: number[] = []
  for (const at of [MONDAY_MORNING, SUNDAY]) {
    simulator.calls.forget()
    const visits = RESIDENTS.flatMap(({ customer, messages }) => messages.map((text) => ({ customer, text })))
    for (const visit of visits) winners.add(await winnerOf(simulator, ruleset, visit, at))
    shares.push(simulator.calls.count({ path: '/v1/chats/{id}' }) / visits.length)
  }
  const enabled = rules.filter((rule) => rule.status === 'enabled').map((rule) => rule.key)
  t.strictSame([...winners].sort(), enabled.sort())
  const [officeHours = 1, weekend = 1] = shares
  t.ok(officeHours <= 0.5, `in office hours: ${officeHours.toFixed(2)}`)
  t.ok(weekend <= 0.1, `at the weekend: ${weekend.toFixed(2)}`)
})

/** Decides a visit's `chat.new` as the service does, looking up only what is asked for. */
async function winnerOf(simulator: Simulator, ruleset: CompiledRuleset, visit: Visit, at: Date) {
  const chat = simulator.openChat({ customerId: visit.customer.id, text: visit.text })
  const envelope = { id: '1', type: 'chat.new', createdAt: at, attempts: 0, eventData: {} }
  const known = { envelope, chat: {}, customer: {} }
  const done = { customer: false, chat: false }
  while (true) {
    const open = openLookups(done)
    const facts: Facts = assembleFacts(known, 'plan', open)
    const search = await findWinner(ruleset, { eventType: 'chat.new', at, facts }, open)
    if (search.kind === 'settled') return search.winner?.rule.document.key
    for (const lookup of search.lookups) {
      const path = lookup === 'chat' ? `/chats/${chat.id}` : `/customers/${visit.customer.id}`
      const { json } = await callApi(simulator, 'GET', path)
      known[lookup] = (lookup === 'chat' ? readChat(json) : readCustomer(json)) ?? {}
      done[lookup] = true
    }
  }
}
