import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'tap'
import { Check } from 'typebox/value'
import { analyseRules } from '../../src/domain/analysis/analyse.ts'
import { RuleWarning } from '../../src/domain/analysis/rule-warning.ts'
import type { Conditions } from '../../src/domain/conditions.ts'
import type { RuleDocument } from '../../src/domain/rule.ts'
import { readRule } from '../../src/domain/validate-rule.ts'
import { randomRules, seededRandom } from './analysis-rulesets.ts'
import { buildRule } from './rule-builder.ts'

const EVERYTHING: Conditions = { fact: 'event', operator: 'exists' }
const CONTRADICTION: Conditions = {
  all: [
    { fact: 'language', operator: 'equal', value: 'de' },
    { fact: 'language', operator: 'equal', value: 'fr' },
  ],
}

/** Each warning as one word. */
function codes(rules: readonly RuleDocument[], only?: string): string[] {
  return analyseRules(rules, {}, only === undefined ? {} : { only }).map(({ rule, code }) => `${rule}: ${code}`)
}

test('nothing is said of rules with nothing wrong', (t) => {
  const vip: Conditions = { fact: 'tags', operator: 'contains', value: 'vip' }
  const rules = [
    buildRule({ key: 'vip', priority: 300, conditions: vip }),
    buildRule({ key: 'german', priority: 200, department: 8 }),
    buildRule({ key: 'rest', priority: 1, conditions: EVERYTHING, department: 9 }),
  ]
  t.strictSame(codes(rules), [])
  t.strictSame(codes([]), [])
  t.end()
})

test('nothing is said of the starter rules', (t) => {
  const folder = new URL('../../rules/', import.meta.url)
  const rules = readdirSync(folder).flatMap((file) => {
    const reading = readRule(JSON.parse(readFileSync(new URL(file, folder), 'utf8')))
    return reading.kind === 'valid' ? [reading.rule] : []
  })
  t.ok(rules.length > 5)
  t.strictSame(analyseRules(rules, { departments: new Set(rules.map(({ department }) => department)) }), [])
  t.end()
})

test('warnings come in the order tried, then by pointer, then by code, however the rules are stored', (t) => {
  const rules = [
    buildRule({ key: 'late', priority: 1, conditions: CONTRADICTION, department: 404 }),
    buildRule({ key: 'early', priority: 900, conditions: EVERYTHING, department: 404 }),
    buildRule({ key: 'hidden', priority: 500, department: 404 }),
  ]
  const context = { departments: new Set([7]) }
  const warnings = analyseRules(rules, context)
  const expected = [
    'early: always_matches',
    'early: unknown_department',
    'hidden: unknown_department',
    'hidden: never_reached',
    'late: never_matches',
    'late: unknown_department',
  ]
  t.strictSame(
    warnings.map(({ rule, code }) => `${rule}: ${code}`),
    expected,
  )
  t.strictSame(analyseRules(rules.toReversed(), context), warnings)
  t.ok(warnings.every((warning) => Check(RuleWarning, warning)))
  t.end()
})

test('drafts and shadows are judged as if they were enabled, and take no chats from others', (t) => {
  for (const status of ['draft', 'shadow'] as const) {
    const everything = buildRule({ key: 'all', priority: 900, conditions: EVERYTHING })
    t.strictSame(codes([{ ...everything, status }, buildRule()]), ['all: always_matches'])
    t.strictSame(codes([everything, buildRule({ status })]), ['german: never_reached'])
  }
  t.end()
})

test('disabled rules are left out', (t) => {
  const everything = buildRule({ key: 'all', priority: 900, conditions: EVERYTHING })
  t.strictSame(codes([{ ...everything, status: 'disabled' }, buildRule()]), [])
  t.strictSame(codes([everything, buildRule({ status: 'disabled' })]), [])
  t.strictSame(codes([buildRule({ status: 'disabled', conditions: CONTRADICTION })], 'german'), [])
  t.end()
})

test('a rule that cannot be evaluated is left out, and hides nobody', (t) => {
  const broken: unknown = { fact: 'language', operator: 'sounds', value: 'de' }
  // What is stored is only said to be a rule; here it is not.
  const rule = buildRule({ key: 'broken', priority: 900, conditions: broken as Conditions })
  t.strictSame(codes([rule, buildRule()]), [])
  const windows = [{ days: [1], from: '09:00', to: '18:00' }]
  const onMars = buildRule({ key: 'mars', priority: 900, schedule: { timezone: 'Mars/Base', windows } })
  t.strictSame(codes([onMars, buildRule(), buildRule({ key: 'twin', priority: 1 })]), ['twin: never_reached'])
  t.end()
})

test('of one changed rule, only what is about it or names it is said', (t) => {
  const german: Conditions = { fact: 'language', operator: 'equal', value: 'de' }
  const rules = [
    buildRule({ key: 'wide', priority: 900, conditions: german }),
    buildRule({ key: 'narrow', priority: 800, conditions: { all: [german, { fact: 'plan', operator: 'exists' }] } }),
    buildRule({ key: 'odd', priority: 700, conditions: CONTRADICTION }),
  ]
  t.strictSame(codes(rules, 'wide'), ['narrow: never_reached'])
  t.strictSame(codes(rules, 'narrow'), ['narrow: never_reached'])
  t.strictSame(codes(rules, 'odd'), ['odd: never_matches'])
  t.strictSame(codes(rules, 'nobody'), [])
  t.end()
})

test('where a proof would take too long, nothing is said', (t) => {
  // Nine pigeons and eight holes: no two share one, so somebody has none. Nobody proves that by trying.
  const pigeons = Array.from({ length: 9 }, (_, index) => `custom.pigeon${index}`)
  const holes = [1, 2, 3, 4, 5, 6, 7, 8]
  const hasHole = pigeons.map((fact): Conditions => ({ fact, operator: 'in', value: holes }))
  const alone = pigeons.flatMap((fact, index) =>
    pigeons.slice(0, index).flatMap((other) =>
      holes.map((value): Conditions => {
        const both: Conditions[] = [fact, other].map((one) => ({ fact: one, operator: 'equal', value }))
        return { not: { all: both } }
      }),
    ),
  )
  t.strictSame(codes([buildRule({ conditions: { all: [...hasHole, ...alone] } })]), [])
  t.end()
})

test('one changed rule after the other, all is said that is said of the whole set', (t) => {
  const seed = Number(process.env.FC_SEED ?? Date.now() % 2 ** 31)
  t.comment(`seed ${seed} (again with FC_SEED=${seed})`)
  let compared = 0
  for (let set = 0; set < 100; set++) {
    const rules = randomRules(seededRandom(seed + set))
    const all = analyseRules(rules, {})
    for (const { key } of rules) {
      const expected = all.filter(({ rule, others }) => rule === key || others.includes(key))
      const told = analyseRules(rules, {}, { only: key })
      compared += expected.length
      const brief = (warnings: readonly RuleWarning[]) =>
        warnings.map(({ rule, code, pointer, certainty }) => `${rule} ${code} ${pointer} ${certainty}`)
      const missing = brief(expected).filter((one) => !brief(told).includes(one))
      const extra = brief(told).filter((one) => !brief(expected).includes(one))
      if (missing.length + extra.length > 0) t.fail(`set ${seed + set}, ${key}`, { missing, extra })
    }
  }
  t.ok(compared > 100, `enough was said: ${compared}`)
  t.end()
})
