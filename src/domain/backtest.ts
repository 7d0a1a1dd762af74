import { type Choice, createTransitions, type Sample, type Transition } from './backtest-transitions.ts'
import type { Lookup } from './facts.ts'
import type { RoutingCase } from './find-winner.ts'
import { isDecided } from './listening.ts'
import type { CompiledRule, CompiledRuleset } from './ruleset.ts'
import { type Trial, tryRules, winnerOf } from './try-rules.ts'

/** A recorded decision, as far as it can be made again. */
export interface PastDecision {
  readonly id: string
  readonly chatId: number
  readonly routingCase: RoutingCase
  readonly openLookups: ReadonlySet<Lookup>
  /** What the rules, or the default department, chose then, whatever the chat's own state made of it. */
  readonly chosen: Choice
  /** The chat could not be moved, so nobody asked for what a winner hung on: that nothing is chosen says nothing of the rules. */
  readonly wasLeftOpen: boolean
}

/** What one rule would have done. A decision counts as gained or lost only where it is known who wins now. */
export interface RuleTally {
  readonly rule: string
  /** Its conditions, events and schedule fit, whether or not it won. */
  readonly matched: number
  readonly wonBefore: number
  readonly wonNow: number
  readonly gained: number
  readonly lost: number
  /** Nobody can tell who wins, because this rule hangs on a fact that was not looked up then. */
  readonly unknown: number
}

/**
 * What given rules would have made of past decisions. `moved` counts those for which another department is chosen; that a
 * chat was closed, assigned or routed already is left aside on both sides. `unknown` counts those of which nobody can tell what is
 * chosen now, or was then; `missing` names the facts on which it hangs now.
 */
export interface BacktestReport {
  readonly decisions: number
  readonly moved: number
  readonly unknown: number
  readonly missing: readonly { readonly fact: string; readonly count: number }[]
  readonly transitions: readonly Transition[]
  /** In the order tried; rules that won then and are gone now come last. */
  readonly byRule: readonly RuleTally[]
  readonly samples: readonly Sample[]
}

export interface Backtest {
  add(past: PastDecision): void
  report(): BacktestReport
}

/** Begins a backtest of a rule set; `defaultDepartmentId` is where chats go that no rule matches. */
export function createBacktest(ruleset: CompiledRuleset, defaultDepartmentId: number | undefined): Backtest {
  const tallies = createTallies(ruleset)
  const transitions = createTransitions()
  const missing = new Map<string, number>()
  let decisions = 0
  let unknown = 0

  return {
    add(past) {
      decisions += 1
      const trials = tryRules(ruleset, past.routingCase, past.openLookups)
      tallies.addTrials(past, trials)
      const found = winnerOf(ruleset, trials, past.routingCase, past.openLookups)
      if (found.kind === 'settled' && !past.wasLeftOpen) {
        const winner = found.winner?.rule.document
        const otherwise = isDecided(ruleset, past.routingCase.eventType) ? defaultDepartmentId : undefined
        const department = winner?.department ?? otherwise ?? null
        const now = { rule: winner?.key ?? null, department }
        tallies.addWinner(past, now)
        transitions.add(past, now)
        return
      }
      unknown += 1
      if (found.kind === 'settled') return
      tallies.addUnknown(found.rule)
      for (const fact of found.facts) missing.set(fact, (missing.get(fact) ?? 0) + 1)
    },

    report: () => ({
      decisions,
      moved: transitions.moved(),
      unknown,
      missing: [...missing].map(([fact, count]) => ({ fact, count })).toSorted((a, b) => b.count - a.count),
      transitions: transitions.list(),
      byRule: tallies.list(),
      samples: transitions.samples(),
    }),
  }
}

interface Tallies {
  addTrials(past: PastDecision, trials: readonly Trial[]): void
  addWinner(past: PastDecision, now: Choice): void
  addUnknown(undecided: CompiledRule): void
  list(): RuleTally[]
}

function createTallies(ruleset: CompiledRuleset): Tallies {
  const tallies = new Map<string, Counting>()
  const of = (key: string) => {
    const tally = tallies.get(key) ?? { rule: key, matched: 0, wonBefore: 0, wonNow: 0, gained: 0, lost: 0, unknown: 0 }
    tallies.set(key, tally)
    return tally
  }
  const inOrder = ruleset.rules.map(({ rule }) => of(rule.document.key))

  return {
    addTrials({ chosen }, trials) {
      if (chosen.rule !== null) of(chosen.rule).wonBefore += 1
      for (const [index, tally] of inOrder.entries()) if (trials[index] === 'match') tally.matched += 1
    },
    addWinner({ chosen }, now) {
      if (now.rule !== null) of(now.rule).wonNow += 1
      if (now.rule === chosen.rule) return
      if (now.rule !== null) of(now.rule).gained += 1
      if (chosen.rule !== null) of(chosen.rule).lost += 1
    },
    addUnknown({ rule }) {
      of(rule.document.key).unknown += 1
    },
    list: () => [...tallies.values()],
  }
}

type Counting = { -readonly [Field in keyof RuleTally]: RuleTally[Field] }
