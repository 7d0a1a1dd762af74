import { test } from 'tap'
import type { Conditions } from '../../src/domain/conditions.ts'
import type { RoutingPolicy } from '../../src/domain/decide.ts'
import type { Facts, Lookup } from '../../src/domain/facts.ts'
import type { RuleDocument } from '../../src/domain/rule.ts'
import { compileWithPauses } from '../../src/domain/ruleset.ts'
import { simulate } from '../../src/domain/simulate.ts'
import { buildCase, buildRule, buildRuleset } from './rule-builder.ts'

const LIVE: RoutingPolicy = { mode: 'live', defaultDepartmentId: undefined, leaveAssigned: true }

const matches: Conditions = { fact: 'message', operator: 'matches', value: 'tag' }

function run(
  facts: Facts,
  policy: Partial<RoutingPolicy> = {},
  rules: RuleDocument[] = [buildRule()],
  open: Lookup[] = [],
) {
  return simulate(buildRuleset(...rules), buildCase(facts), new Set(open), { ...LIVE, ...policy })
}

test('a chat that would be moved is pending, with rule, department and explanation', async (t) => {
  const { decision, explanation, misses, missing } = await run({ language: 'de', department: 3 })
  t.strictSame(decision, {
    outcome: 'pending',
    reason: null,
    mode: 'live',
    rule: { key: 'german', version: 1 },
    department: { from: 3, to: 7 },
  })
  t.match(explanation, [{ rule: 'german', result: 'match', why: 'Won: every condition is met.' }])
  t.strictSame([misses, missing], [[], []])
})

test('the chat is what the facts say it is', async (t) => {
  const outcomes: [Facts, object][] = [
    [{ department: 7 }, { outcome: 'unchanged' }],
    [{ assignee: 88 }, { outcome: 'skipped', reason: 'assigned' }],
    [{ chatStatus: 'closed' }, { outcome: 'skipped', reason: 'closed' }],
  ]
  for (const [facts, expected] of outcomes) t.match((await run({ language: 'de', ...facts })).decision, expected)
  t.match((await run({ language: 'de', assignee: 88 }, { leaveAssigned: false })).decision, { outcome: 'pending' })
  t.match((await run({ language: 'de' }, { mode: 'shadow' })).decision, { outcome: 'shadow', mode: 'shadow' })
})

test('what nothing matches goes to the default department, or stays, and the nearest misses say why', async (t) => {
  const stays = await run({ language: 'fr' })
  t.match(stays.decision, { outcome: 'no_match', rule: null, department: { from: null, to: null } })
  t.match(stays.misses, [{ rule: 'german', message: 'one condition away: language is "fr", the rule wants "de"' }])
  const goes = await run({ language: 'fr' }, { defaultDepartmentId: 40 })
  t.match(goes.decision, { outcome: 'pending', reason: 'default_department', rule: null, department: { to: 40 } })
})

test('a decision that hangs on what nobody looked up is unknown, and names the facts', async (t) => {
  const { decision, missing, explanation } = await run({}, {}, [buildRule()], ['customer'])
  t.match(decision, { outcome: 'unknown', reason: 'facts_not_looked_up', rule: null, department: { to: null } })
  t.strictSame(missing, ['language'])
  t.match(explanation, [{ rule: 'german', result: 'unknown' }])
})

test('a simulation pauses after each rule, whatever it does with it: others wait meanwhile', async (t) => {
  let pauses = 0
  const pause = async () => {
    pauses += 1
  }
  const rules = ['a', 'b', 'c'].map((key) => buildRule({ key, conditions: { not: matches } }))
  const ruleset = await compileWithPauses(
    { version: 1, rules: rules.map((document) => ({ document, version: 1 })) },
    pause,
  )
  t.equal(pauses, 3, 'they are compiled')
  await simulate(ruleset, buildCase({ message: 'Guten Tag' }), new Set(), LIVE, pause)
  t.equal(pauses, 9, 'the winner is looked for, and all is explained')
})

test('an event that no rule listens to moves nothing, and one that closes a chat finds it closed', async (t) => {
  const policy = { ...LIVE, defaultDepartmentId: 9 }
  const onClosed = buildRule({ events: ['chat.closed'] })
  const of = async (eventType: string, facts: Facts) =>
    (await simulate(buildRuleset(onClosed), buildCase(facts, { eventType }), new Set(), policy)).decision
  t.match(await of('chat.rated', {}), { outcome: 'no_match', department: { to: null } })
  t.match(await of('chat.new', {}), { outcome: 'pending', reason: 'default_department', department: { to: 9 } })
  t.match(await of('chat.closed', { language: 'de' }), { outcome: 'skipped', reason: 'closed' })
  t.match(await of('chat.new', { chatStatus: 'Closed' }), { outcome: 'skipped', reason: 'closed' })
})
