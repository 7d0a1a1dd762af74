import { test } from 'tap'
import { describeEffect } from '../../src/cli/describe-effect.ts'
import type { Effect } from '../../src/cli/measure-effect.ts'
import type { Output } from '../../src/cli/output.ts'

const plain: Output = { colour: false, line: () => {}, problem: () => {}, paint: (_format, text) => text }
const names = new Map([
  [10, 'General'],
  [20, 'VIP desk'],
])

function effect(parts: Partial<Effect> = {}): Effect {
  const nothing = { unknown: 0, missing: [], transitions: [], byRule: [], samples: [], movedByRulesInForce: 0 }
  return { decisions: 1000, moved: 0, ...nothing, ...parts }
}

const tally = { matched: 0, wonBefore: 0, wonNow: 0, gained: 0, lost: 0, unknown: 0 }

test('the effect says how many chats would move, from where to where, and by which rule', (t) => {
  const sample = {
    decisionId: '7',
    chatId: 5,
    from: { rule: null, department: null },
    to: { rule: 'vip', department: 20 },
  }
  const lines = describeEffect(
    effect({
      moved: 37,
      transitions: [
        { from: 10, to: 20, count: 30 },
        { from: null, to: 99, count: 7 },
      ],
      byRule: [
        { rule: 'vip', ...tally, gained: 30 },
        { rule: 'other', ...tally, gained: 7, lost: 1200 },
        { rule: 'same', ...tally, matched: 5 },
      ],
      samples: [sample],
    }),
    names,
    plain,
  )
  t.strictSame(lines, [
    'Would change 37 of the last 1,000 decisions:',
    '    30  General -> VIP desk',
    '     7  left where it is -> department 99',
    '  rule vip: 30 more',
    '  rule other: 7 more, 1,200 fewer',
    '  for example chat 5: left where it is (no rule) -> VIP desk (rule vip), decision 7',
  ])
  t.end()
})

test('what would have moved without the change, and what nobody can tell, is said', (t) => {
  const lines = describeEffect(
    effect({ moved: 3, movedByRulesInForce: 2, unknown: 12, missing: [{ fact: 'plan', count: 12 }] }),
    names,
    plain,
  ).join('\n')
  t.match(
    lines,
    'Without this change it would be 2: rules, or the default department, have changed since those chats were decided.',
  )
  t.match(lines, 'Of 12 more decisions nobody can tell: what was not looked up then is unknown (plan).')
  t.end()
})

test('no effect is one line, and so is a service that has decided nothing yet', (t) => {
  t.strictSame(describeEffect(effect(), names, plain), ['Would change 0 of the last 1,000 decisions.'])
  t.match(describeEffect(effect({ decisions: 0 }), names, plain), [/^No chat has been decided yet/])
  t.end()
})
