import { test } from 'tap'
import { changedSince, fingerprints, planChanges } from '../../src/cli/plan-changes.ts'
import type { RuleDocument } from '../../src/domain/rule.ts'
import { rule } from '../support/rules.ts'

const stored = (parts: Partial<RuleDocument>, version = 1) => ({ document: rule(parts), version })
const named = (changes: ReturnType<typeof planChanges>['changes']) => changes.map(({ kind, key }) => `${kind} ${key}`)

test('the same rules need no write, whatever their order', (t) => {
  const there = [stored({ key: 'a' }), stored({ key: 'b' })]
  t.strictSame(planChanges(there, [rule({ key: 'b' }), rule({ key: 'a' })]).changes, [])
  t.end()
})

test('what starts to route is written before what stops, and removals come last', (t) => {
  const there = [stored({ key: 'a' }), stored({ key: 'b' }), stored({ key: 'c', status: 'draft' })]
  const wanted = [rule({ key: 'b', status: 'disabled' }), rule({ key: 'c' }), rule({ key: 'd' })]
  t.strictSame(named(planChanges(there, wanted).changes), ['create d', 'replace c', 'replace b', 'remove a'])
  t.end()
})

test('a write names the version that was seen', (t) => {
  const { changes } = planChanges([stored({}, 7)], [rule({ department: 20 })])
  t.match(changes, [{ kind: 'replace', stored: { version: 7 }, rule: { department: 20 } }])
  t.end()
})

test('a rule that was changed, added or removed since is found, be it only by its content', (t) => {
  const seen = fingerprints([stored({ key: 'a' }, 1), stored({ key: 'b' }, 1), stored({ key: 'c' }, 1)])
  const now = [stored({ key: 'a' }, 2), stored({ key: 'b', department: 20 }, 1), stored({ key: 'd' }, 1)]
  t.strictSame(changedSince(seen, fingerprints(now)), ['a', 'b', 'c', 'd'])
  t.strictSame(changedSince(seen, seen), [])
  t.end()
})
