import { considerRule } from './consider-rule.ts'
import type { Lookup } from './facts.ts'
import type { RoutingCase } from './find-winner.ts'
import { openFacts, PROSPECT, prospectOf } from './prospect.ts'
import type { CompiledRule, CompiledRuleset } from './ruleset.ts'

/** How one rule came out. `open`: it hangs on a fact that nobody looked up. What cannot be evaluated is a `no_match`. */
export type Trial = 'match' | 'no_match' | 'open'

/** The rule that wins (null: none), or the first one that hangs on facts nobody looked up, with these. */
export type WinnerOfTrials =
  | { readonly kind: 'settled'; readonly winner: CompiledRule | null }
  | { readonly kind: 'unknown'; readonly rule: CompiledRule; readonly facts: readonly string[] }

/** Tries every rule, won or not, shadows too; the trials are in the order of the rules. Nothing here is asynchronous. */
export function tryRules(
  ruleset: CompiledRuleset,
  routingCase: RoutingCase,
  openLookups: ReadonlySet<Lookup>,
): readonly Trial[] {
  return ruleset.rules.map((compiled) => tryRule(compiled, routingCase, openLookups))
}

/** The same answer as `findWinner`'s, which asks the engine. */
export function winnerOf(
  ruleset: CompiledRuleset,
  trials: readonly Trial[],
  { facts }: RoutingCase,
  openLookups: ReadonlySet<Lookup>,
): WinnerOfTrials {
  const index = trials.findIndex((trial, place) => {
    return trial !== 'no_match' && ruleset.rules[place]?.rule.document.status === 'enabled'
  })
  const first = ruleset.rules[index] ?? null
  if (first === null || trials[index] === 'match') return { kind: 'settled', winner: first }
  const missing = first.conditions.kind === 'broken' ? [] : openFacts(first.conditions, facts, openLookups)
  return { kind: 'unknown', rule: first, facts: missing }
}

/** How one rule comes out by itself. */
export function tryRule(
  { rule: { document }, conditions }: CompiledRule,
  { eventType, at, facts }: RoutingCase,
  openLookups: ReadonlySet<Lookup>,
): Trial {
  if (conditions.kind === 'broken') return 'no_match'
  try {
    if (considerRule(document, eventType, at).kind === 'not_considered') return 'no_match'
  } catch {
    return 'no_match' // a time zone that this version does not know: set aside, as in routing
  }
  const prospect = prospectOf(conditions, facts, openLookups)
  if (prospect === PROSPECT.certain) return 'match'
  return prospect === PROSPECT.open ? 'open' : 'no_match'
}
