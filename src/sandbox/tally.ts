import type { Decision } from './router-api.ts'
import { wordsFor } from './tones.ts'

/** Counts over the decisions shown. */
export interface Tally {
  readonly outcomes: ReadonlyMap<string, number>
  /** Chats that were moved, per department. */
  readonly departments: ReadonlyMap<number, number>
  /** Decisions that a rule won, whatever came of them. */
  readonly rules: ReadonlyMap<string, number>
  readonly applied: number
  /** From the event's arrival to HelpCrunch's yes, one for each routed chat. */
  readonly routedAfterMs: readonly number[]
  add(decision: Decision): void
}

/** A tally of nothing yet. */
export function createTally(): Tally {
  const outcomes = new Map<string, number>()
  const departments = new Map<number, number>()
  const rules = new Map<string, number>()
  const routedAfterMs: number[] = []
  return {
    ...{ outcomes, departments, rules, routedAfterMs },
    get applied() {
      return routedAfterMs.length
    },
    add({ outcome, reason, rule, department, receivedAt, appliedAt }) {
      count(outcomes, wordsFor(outcome, reason))
      if (rule !== null) count(rules, rule.key)
      if (outcome !== 'applied' || department.to === null || appliedAt === null) return
      count(departments, department.to)
      routedAfterMs.push(Date.parse(appliedAt) - Date.parse(receivedAt))
    },
  }
}

function count<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
