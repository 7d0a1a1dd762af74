import { type Problem, pointerTo, quoted } from '../domain/problem.ts'
import type { RuleDocument } from '../domain/rule.ts'
import { suggestion } from '../domain/suggestion.ts'
import type { Identity } from './authenticate.ts'
import type { ExpectedVersion } from './change-rules.ts'
import type { LiveRules, RuleBook, RuleChange } from './rule-book.ts'

/** Where a rule stands now. */
export type RulePlace = Pick<RuleDocument, 'key' | 'priority'> & { readonly version: number }

export type OrderResult =
  | { readonly kind: 'ordered'; readonly rulesetVersion: number; readonly places: readonly RulePlace[] }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] }
  /** The rule set has another version by now. */
  | { readonly kind: 'stale'; readonly version: number }

/**
 * Rewrites the priorities so that the rules are tried in the order of `keys`, which must name each rule once. All of it or
 * nothing. `expected` are versions of the rule set.
 */
export async function orderRules(
  { live, book }: { readonly live: LiveRules; readonly book: RuleBook },
  keys: readonly string[],
  expected: ExpectedVersion,
  by: Identity,
): Promise<OrderResult> {
  for (;;) {
    const { version: base, rules } = await live.read()
    if (expected !== 'any' && !expected.includes(base)) return { kind: 'stale', version: base }
    const byKey = new Map(rules.map(({ rule }) => [rule.document.key, rule]))
    const problems = problemsOf(keys, [...byKey.keys()])
    if (problems.length > 0) return { kind: 'invalid', problems }
    const wanted = keys.flatMap((key, index) => {
      const rule = byKey.get(key)
      return rule === undefined ? [] : [{ rule, priority: priorityAt(index, keys.length) }]
    })
    const changes = wanted
      .filter(({ rule, priority }) => rule.document.priority !== priority)
      .map(({ rule: { document }, priority }): RuleChange => {
        return { key: document.key, document: { ...document, priority }, action: 'rule.reordered' }
      })
    const applied: Awaited<ReturnType<RuleBook['apply']>> =
      changes.length === 0 ? { kind: 'applied', rulesetVersion: base, rules: [] } : await book.apply(base, changes, by)
    if (applied.kind === 'conflict') continue
    const versions = new Map(applied.rules.map(({ key, version }) => [key, version]))
    const places = wanted.map(({ rule, priority }) => {
      const { key } = rule.document
      return { key, priority, version: versions.get(key) ?? rule.version }
    })
    return { kind: 'ordered', rulesetVersion: applied.rulesetVersion, places }
  }
}

/** The widest step leaves room for a rule in between; the last rule stands one step above zero. */
function priorityAt(index: number, count: number): number {
  const step = [100, 10].find((width) => width * count <= 10_000) ?? 1
  return (count - index) * step
}

function problemsOf(keys: readonly string[], known: readonly string[]): Problem[] {
  const missing = new Set(known)
  const isKnown = new Set(known)
  const wrong = keys.flatMap((key, index) => {
    const pointer = pointerTo('/keys', index)
    if (!isKnown.has(key)) {
      const hint = suggestion(key, known) || ' Take it out.'
      return [{ pointer, message: `There is no rule ${quoted(key)}.${hint}` }]
    }
    if (missing.delete(key)) return []
    return [{ pointer, message: `${quoted(key)} is named before already. Name each rule once.` }]
  })
  if (missing.size === 0) return wrong
  return [...wrong, { pointer: '/keys', message: `Every rule must be named; add: ${[...missing].join(', ')}.` }]
}
