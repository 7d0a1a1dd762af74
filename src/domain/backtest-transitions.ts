import type { PastDecision } from './backtest.ts'

/** What a rule set chose: the rule that won and its department, or the default one without a rule, or neither. */
export interface Choice {
  readonly rule: string | null
  readonly department: number | null
}

/** So many decisions chose another department now; null is "left where it is". */
export interface Transition {
  readonly from: number | null
  readonly to: number | null
  readonly count: number
}

/** A decision that would come out otherwise. */
export interface Sample {
  readonly decisionId: string
  readonly chatId: number
  readonly from: Choice
  readonly to: Choice
}

export interface Transitions {
  /** Counts a decision, if the department chosen now is another one than then. */
  add(past: PastDecision, now: Choice): void
  moved(): number
  /** The most frequent first. */
  list(): Transition[]
  /** At most 20, of as many different transitions as possible, in the order of `list`. */
  samples(): Sample[]
}

const SAMPLES_MAX = 20
const SAMPLES_PER_TRANSITION_MAX = 3

/** Tells what would move from where to where. */
export function createTransitions(): Transitions {
  const found = new Map<string, Transition & { count: number; readonly samples: Sample[] }>()
  const byCount = () => [...found.values()].toSorted((a, b) => b.count - a.count)

  return {
    add({ id, chatId, chosen }, now) {
      const [from, to] = [chosen.department, now.department]
      if (from === to) return
      const key = `${from} ${to}`
      const transition = found.get(key) ?? { from, to, count: 0, samples: [] }
      found.set(key, transition)
      transition.count += 1
      if (transition.samples.length === SAMPLES_PER_TRANSITION_MAX) return
      transition.samples.push({ decisionId: id, chatId, from: chosen, to: now })
    },
    moved: () => byCount().reduce((sum, { count }) => sum + count, 0),
    list: () => byCount().map(({ from, to, count }) => ({ from, to, count })),
    samples: () => pick(byCount().map(({ samples }) => samples)),
  }
}

/** The first of every transition before the second of any. */
function pick(samples: readonly (readonly Sample[])[]): Sample[] {
  const rounds = Array.from({ length: SAMPLES_PER_TRANSITION_MAX }, (_, round) =>
    samples.flatMap((group) => group.slice(round, round + 1)),
  )
  const chosen = new Set(rounds.flat().slice(0, SAMPLES_MAX))
  return samples.flat().filter((sample) => chosen.has(sample))
}
