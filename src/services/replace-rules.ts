import type { Problem } from '../domain/problem.ts'
import type { RuleDocument } from '../domain/rule.ts'
import { diffRules } from '../domain/rule-diff.ts'
import type { RuleNotice } from '../domain/rule-notice.ts'
import type { Identity } from './authenticate.ts'
import type { ExpectedVersion } from './change-rules.ts'
import { type CheckDependencies, readRuleSet, warnAboutSet } from './check-rules.ts'
import type { RuleBook, RuleChange } from './rule-book.ts'

export type RulesReplacement =
  | {
      readonly kind: 'written'
      readonly rulesetVersion: number
      /** The keys of the rules that differ; a rule that is the same keeps its version. */
      readonly created: readonly string[]
      readonly changed: readonly string[]
      readonly deleted: readonly string[]
      readonly warnings: readonly RuleNotice[]
    }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] }
  /** The rule set has another version by now. */
  | { readonly kind: 'stale'; readonly version: number }

/** Makes these rules all there are, in one rule-set version: all of it or nothing. `expected` are versions of the rule set. */
export async function replaceRules(
  deps: CheckDependencies & { readonly book: RuleBook },
  inputs: readonly unknown[],
  expected: ExpectedVersion,
  by: Identity,
): Promise<RulesReplacement> {
  for (;;) {
    const { version: base, rules } = await deps.live.read()
    if (expected !== 'any' && !expected.includes(base)) return { kind: 'stale', version: base }
    const stored = rules.map(({ rule }) => rule.document)
    const set = await readRuleSet(deps.listDepartments, inputs, stored)
    if (set.errors.length > 0) return { kind: 'invalid', problems: set.errors }
    const { added, changed, removed } = diffRules(stored, [...set.rules.values()])
    const changes = [
      ...added.map(({ key }) => changeTo(set.rules, key, 'rule.created')),
      ...changed.map(({ key }) => changeTo(set.rules, key, 'rule.changed')),
      ...removed.map(({ key }) => changeTo(set.rules, key, 'rule.deleted')),
    ]
    const applied = changes.length === 0 ? UNCHANGED : await deps.book.apply(base, changes, by)
    if (applied.kind === 'conflict') continue
    return {
      kind: 'written',
      rulesetVersion: applied.kind === 'applied' ? applied.rulesetVersion : base,
      created: added.map(({ key }) => key),
      changed: changed.map(({ key }) => key),
      deleted: removed.map(({ key }) => key),
      warnings: await warnAboutSet(deps, set),
    }
  }
}

const UNCHANGED = { kind: 'unchanged' } as const

function changeTo(rules: ReadonlyMap<string, RuleDocument>, key: string, action: RuleChange['action']): RuleChange {
  return { key, document: rules.get(key) ?? null, action }
}
