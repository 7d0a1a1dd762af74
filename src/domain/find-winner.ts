import { considerRule } from './consider-rule.ts'
import type { Facts, Lookup } from './facts.ts'
import type { Pause } from './pause.ts'
import { PROSPECT, prospectOf } from './prospect.ts'
import { type CompiledRule, type CompiledRuleset, problemOf } from './ruleset.ts'

/** What is to be routed: an event, when it happened (schedules go by that), and what is known. */
export interface RoutingCase {
  readonly eventType: string
  readonly at: Date
  readonly facts: Facts
}

/** A rule that could not be evaluated and was set aside. */
export interface BrokenRule {
  readonly key: string
  readonly problem: string
}

/** Either the winner is certain (`null`: no rule matches), or HelpCrunch has to be asked before it can be. */
export type WinnerSearch =
  | { kind: 'settled'; winner: CompiledRule | null; broken: readonly BrokenRule[] }
  | { kind: 'lookups_needed'; lookups: ReadonlySet<Lookup>; rule: CompiledRule }

/**
 * Finds the first enabled rule that matches, in the order tried. It asks for lookups only when a rule that could still
 * win hangs on them, and then for the fewest with which that rule could win: search again with what they told and
 * without them among `openLookups`. Live routing has no `pause`: its rules are few, and others wait for it.
 */
export async function findWinner(
  ruleset: CompiledRuleset,
  routingCase: RoutingCase,
  openLookups: ReadonlySet<Lookup>,
  pause?: Pause,
): Promise<WinnerSearch> {
  const broken: BrokenRule[] = []
  for (const compiled of ruleset.enabled.candidates(routingCase.facts, openLookups)) {
    const trial = await tryRule(compiled, routingCase, openLookups)
    if (trial.kind === 'match') return { kind: 'settled', winner: compiled, broken }
    if (trial.kind === 'lookups_needed') return { ...trial, rule: compiled }
    if (trial.kind === 'broken') broken.push({ key: compiled.rule.document.key, problem: trial.problem })
    if (pause !== undefined) await pause()
  }
  return { kind: 'settled', winner: null, broken }
}

type Trial =
  | { kind: 'match' }
  | { kind: 'no_match' }
  | { kind: 'lookups_needed'; lookups: ReadonlySet<Lookup> }
  | { kind: 'broken'; problem: string }

async function tryRule(
  compiled: CompiledRule,
  { eventType, at, facts }: RoutingCase,
  openLookups: ReadonlySet<Lookup>,
): Promise<Trial> {
  const { conditions } = compiled
  try {
    if (considerRule(compiled.rule.document, eventType, at).kind === 'not_considered') return { kind: 'no_match' }
    // The engine judges, and costs some ten times as much: it is not asked about what has no prospect of what it would be asked.
    const prospect = conditions.kind === 'broken' ? PROSPECT.certain : prospectOf(conditions, facts, openLookups)
    if (prospect === PROSPECT.none) return { kind: 'no_match' }
    if (prospect === PROSPECT.certain && (await compiled.certain(facts, openLookups))) return { kind: 'match' }
    if (openLookups.size === 0 || !(await compiled.possible(facts, openLookups))) return { kind: 'no_match' }
    return { kind: 'lookups_needed', lookups: await fewestLookups(compiled, facts, openLookups) }
  } catch (error) {
    return { kind: 'broken', problem: problemOf(error) }
  }
}

// What a customer lookup tells is kept for later chats, so when either would do, the chat is the one left out.
const LEAVE_OUT_FIRST: readonly Lookup[] = ['chat', 'customer']

/** Leaves out every lookup without whose answer the rule could win just as well. */
async function fewestLookups(
  compiled: CompiledRule,
  facts: Facts,
  openLookups: ReadonlySet<Lookup>,
): Promise<ReadonlySet<Lookup>> {
  let asked = openLookups
  for (const lookup of LEAVE_OUT_FIRST) {
    const others = new Set([...asked].filter((other) => other !== lookup))
    // Without any it would be certain already.
    if (others.size > 0 && others.size < asked.size && (await compiled.possible(facts, openLookups, others)))
      asked = others
  }
  return asked
}
