import fc from 'fast-check'
import { test } from 'tap'
import { Check } from 'typebox/value'
import { RuleDocument } from '../../src/domain/rule.ts'
import { compileRuleset } from '../../src/domain/ruleset.ts'
import { readRule } from '../../src/domain/validate-rule.ts'
import { someConditions } from './rule-arbitraries.ts'
import { buildRule } from './rule-builder.ts'

const seed = Number(process.env.FC_SEED ?? Date.now() % 2 ** 31)

const ODD_VALUES: readonly unknown[] = [null, true, 0, 1.5, -1, '', 'x', 'all', [], [1], {}, { all: [] }, { not: null }]

/** JSON that is nearly a rule: one with some of its values, wherever they are, replaced, removed or joined by others. */
const nearlyRules = fc
  .tuple(someConditions, fc.array(fc.tuple(fc.nat(), fc.constantFrom(...ODD_VALUES, undefined)), { maxLength: 2 }))
  .map(([conditions, changes]) => {
    const schedule = { timezone: 'UTC', windows: [{ days: [1], from: '09:00', to: '18:00' }] }
    const tests = [{ name: 'a', facts: { language: 'de', tags: ['vip'] }, expect: 'match' as const }]
    const events: RuleDocument['events'] = ['chat.new']
    let json: unknown = buildRule({ conditions, schedule, tests, events })
    for (const [place, value] of changes) json = changeAt(json, place, value)
    return json
  })

test('what reading accepts fits the schema and compiles; what the schema refuses is refused with a problem', async (t) => {
  t.comment(`seed ${seed} (again with FC_SEED=${seed})`)
  const seen = { valid: 0, invalid: 0 }
  const law = fc.property(nearlyRules, (json) => {
    const reading = readRule(json)
    seen[reading.kind] += 1
    if (reading.kind === 'invalid') return reading.problems.length > 0
    if (!Check(RuleDocument, json)) return false
    const compiled = compileRuleset({ version: 1, rules: [{ document: reading.rule, version: 1 }] })
    return compiled.rules.every((rule) => rule.conditions.kind !== 'broken')
  })
  t.doesNotThrow(() => fc.assert(law, { seed, numRuns: 2000 }))
  t.ok(Math.min(seen.valid, seen.invalid) > 20, `both are common enough: ${JSON.stringify(seen)}`)
})

/** The JSON with the value at one place (counted through all of it) changed; undefined removes it. */
function changeAt(json: unknown, place: number, value: unknown): unknown {
  let count = 0
  JSON.stringify(json, (_, node) => {
    count += 1
    return node
  })
  let left = place % count
  return JSON.parse(JSON.stringify(json, (_, node) => (left-- === 0 ? value : node)) ?? 'null')
}
