import { test } from 'tap'
import type { Conditions } from '../../src/domain/conditions.ts'
import { formatRuleDiff } from '../../src/domain/format-rule-diff.ts'
import type { RuleDocument } from '../../src/domain/rule.ts'
import { diffRules } from '../../src/domain/rule-diff.ts'
import { NONE } from '../support/none.ts'
import { buildRule } from './rule-builder.ts'

const leaf = (value: string): Conditions => ({ fact: 'plan', operator: 'equal', value })

/** The fields that differ between two versions of one rule. */
function fields(before: Partial<RuleDocument>, after: Partial<RuleDocument>) {
  return diffRules([buildRule(before)], [buildRule(after)]).changed[0]?.fields
}

test('the same rules make no difference, in whatever order their properties stand', async (t) => {
  const { key, ...rest } = buildRule({
    schedule: { timezone: 'UTC', windows: [{ days: [1], from: '09:00', to: '10:00' }] },
  })
  const diff = diffRules([{ key, ...rest }], [{ ...rest, key }])
  t.strictSame(diff, { added: [], removed: [], changed: [], reordered: [] })
  t.strictSame(formatRuleDiff(diff, { colour: false }), [])
})

test('rules that are new and rules that are gone are told by their keys, in the order tried', async (t) => {
  const [a, c] = [buildRule({ key: 'a' }), buildRule({ key: 'c' })]
  const diff = diffRules([c, a], [c, buildRule({ key: 'd' }), buildRule({ key: 'b', priority: 900 })])
  t.strictSame(
    diff.added.map(({ key }) => key),
    ['b', 'd'],
  )
  t.strictSame(diff.removed, [a])
  t.strictSame(diff.changed, [])
})

test('a change is told field by field, with its pointer', async (t) => {
  t.strictSame(fields({}, { name: 'Other', department: 9 }), [
    { pointer: '/name', before: 'German speakers', after: 'Other' },
    { pointer: '/department', before: 7, after: 9 },
  ])
  t.strictSame(fields({}, { reroute: true }), [{ pointer: '/reroute', before: undefined, after: true }])
  t.strictSame(fields({ description: 'x' }, {}), [{ pointer: '/description', before: 'x', after: undefined }])
})

test('a condition is told by its own pointer, and a list of values as a whole', async (t) => {
  t.strictSame(
    fields(
      { conditions: { all: [leaf('a'), { not: leaf('b') }] } },
      { conditions: { all: [leaf('a'), { not: leaf('c') }] } },
    ),
    [{ pointer: '/conditions/all/1/not/value', before: 'b', after: 'c' }],
  )
  t.strictSame(fields({ events: ['chat.new'] }, { events: ['chat.new', 'chat.closed'] }), [
    { pointer: '/events', before: ['chat.new'], after: ['chat.new', 'chat.closed'] },
  ])
})

test('a condition put in front, taken out or added at the end is one change', async (t) => {
  const [a, b, c] = [leaf('a'), leaf('b'), leaf('c')]
  const all = (...members: Conditions[]) => ({ conditions: { all: members } })
  t.strictSame(fields(all(a, b), all(c, a, b)), [{ pointer: '/conditions/all/0', before: undefined, after: c }])
  t.strictSame(fields(all(a, b, c), all(a, c)), [{ pointer: '/conditions/all/1', before: b, after: undefined }])
  t.strictSame(fields(all(a), all(a, a)), [{ pointer: '/conditions/all/1', before: undefined, after: a }])
})

test('a comparison that became a group has changed as a whole', async (t) => {
  const group: Conditions = { any: [leaf('a'), leaf('b')] }
  t.strictSame(fields({ conditions: leaf('a') }, { conditions: group }), [
    { pointer: '/conditions', before: leaf('a'), after: group },
  ])
  t.strictSame(fields({ conditions: { all: [leaf('a')] } }, { conditions: { any: [leaf('a')] } }), [
    { pointer: '/conditions', before: { all: [leaf('a')] }, after: { any: [leaf('a')] } },
  ])
})

test('a priority that lets rules overtake one another is a reordering; those that made way are not named', async (t) => {
  const before = [
    buildRule({ key: 'a', priority: 300 }),
    buildRule({ key: 'b', priority: 200 }),
    buildRule({ key: 'c' }),
  ]
  const moved = before.map((rule) => (rule.key === 'a' ? { ...rule, priority: 50 } : rule))
  t.strictSame(diffRules(before, moved).reordered, [{ key: 'a', from: 1, to: 3 }])
  const sameOrder = before.map((rule) => (rule.key === 'a' ? { ...rule, priority: 250 } : rule))
  t.match(diffRules(before, sameOrder), {
    reordered: NONE,
    changed: [{ key: 'a', fields: [{ pointer: '/priority' }] }],
  })
  t.strictSame(diffRules(before, [buildRule({ key: 'new', priority: 900 }), ...before]).reordered, [])
})

test('the lines say what is new, gone, changed and moved', async (t) => {
  const before = [buildRule(), buildRule({ key: 'b', priority: 50 }), buildRule({ key: 'old', name: 'Old\u001b[2J' })]
  const after = [
    buildRule({ priority: 10, reroute: true }),
    buildRule({ key: 'b', priority: 50 }),
    buildRule({ key: 'new' }),
  ]
  t.strictSame(formatRuleDiff(diffRules(before, after), { colour: false }), [
    '+ new "German speakers" (enabled, priority 100, department 7)',
    '- old "Old\\u001b[2J" (enabled, priority 100, department 7)',
    '~ german',
    '    /priority: 100 -> 10',
    '    + /reroute: true',
    '^ german is tried at place 2 instead of 1',
  ])
})

test('colours are only used where they were asked for', async (t) => {
  const [line] = formatRuleDiff(diffRules([], [buildRule()]), { colour: true })
  t.equal(line?.startsWith('\u001b[32m+ german '), true)
  t.equal(line?.endsWith('\u001b[39m'), true)
})
