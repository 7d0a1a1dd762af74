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

test('each rule that differs is created, replaced or removed', (t) => {
  const there = [stored({ key: 'a' }), stored({ key: 'b' }, 7), stored({ key: 'same' })]
  const { changes } = planChanges(there, [
    rule({ key: 'b', department: 20 }),
    rule({ key: 'd' }),
    rule({ key: 'same' }),
  ])
  t.strictSame(named(changes), ['create d', 'replace b', 'remove a'])
  t.match(changes[1], { stored: { version: 7 }, rule: { department: 20 } })
  t.end()
})

test('a rule that was changed, added or removed since is found, be it only by its content', (t) => {
  const seen = fingerprints([stored({ key: 'a' }, 1), stored({ key: 'b' }, 1), stored({ key: 'c' }, 1)])
  const now = [stored({ key: 'a' }, 2), stored({ key: 'b', department: 20 }, 1), stored({ key: 'd' }, 1)]
  t.strictSame(changedSince(seen, fingerprints(now)), ['a', 'b', 'c', 'd'])
  t.strictSame(changedSince(seen, seen), [])
  t.end()
})
