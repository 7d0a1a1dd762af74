import type { RuleTally } from '../domain/backtest.ts'
import type { Effect } from './measure-effect.ts'
import type { Output } from './output.ts'
import { counted } from './rules-folder.ts'

const SAMPLES_SHOWN_MAX = 5

/** What a plan would have changed for recent chats, as lines to read; departments have their names where these are known. */
export function describeEffect(effect: Effect, names: ReadonlyMap<number, string>, { paint }: Output): string[] {
  const { decisions, moved, transitions, samples, byRule } = effect
  if (decisions === 0) return ['No chat has been decided yet, so nobody can say what it would have changed.']
  const nameOf = (id: number | null) => (id === null ? 'left where it is' : (names.get(id) ?? `department ${id}`))
  const width = String(moved).length + 4
  return [
    paint(
      'bold',
      `Would change ${number(moved)} of the last ${counted(decisions, 'decision')}${moved === 0 ? '.' : ':'}`,
    ),
    ...transitions.map(({ from, to, count }) => `${String(count).padStart(width)}  ${nameOf(from)} -> ${nameOf(to)}`),
    ...byRule.filter(({ gained, lost }) => gained + lost > 0).map(tallyLine),
    ...reservations(effect),
    ...samples.slice(0, SAMPLES_SHOWN_MAX).map(({ decisionId, chatId, from, to }) => {
      const [then, now] = [from, to].map(({ department, rule }) => `${nameOf(department)} (${ruleName(rule)})`)
      return `  for example chat ${chatId}: ${then} -> ${now}, decision ${decisionId}`
    }),
  ]
}

/** `rule vip: 30 more, 2 fewer` */
function tallyLine({ rule, gained, lost }: RuleTally): string {
  const parts = [...(gained > 0 ? [`${number(gained)} more`] : []), ...(lost > 0 ? [`${number(lost)} fewer`] : [])]
  return `  rule ${rule}: ${parts.join(', ')}`
}

/** What the numbers do not say by themselves. */
function reservations({ movedByRulesInForce, unknown, missing }: Effect): string[] {
  const lines: string[] = []
  if (movedByRulesInForce > 0) {
    lines.push(
      `  Without this change it would be ${number(movedByRulesInForce)}: rules, or the default department, have changed since those chats were decided.`,
    )
  }
  if (unknown > 0) {
    const facts = missing.length > 0 ? ` (${missing.map(({ fact }) => fact).join(', ')})` : ''
    lines.push(
      `  Of ${counted(unknown, 'more decision')} nobody can tell: what was not looked up then is unknown${facts}.`,
    )
  }
  return lines
}

function ruleName(rule: string | null): string {
  return rule === null ? 'no rule' : `rule ${rule}`
}

function number(value: number): string {
  return value.toLocaleString('en-US')
}
