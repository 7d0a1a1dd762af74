import { createHash } from 'node:crypto'
import type { RuleDocument } from '../domain/rule.ts'
import { diffRules, type RuleDiff } from '../domain/rule-diff.ts'
import type { StoredRule } from './router-client.ts'
import { ruleText } from './rule-text.ts'

/** What has to become of one rule. */
export type Change =
  | { readonly kind: 'create'; readonly key: string; readonly rule: RuleDocument }
  | { readonly kind: 'replace'; readonly key: string; readonly rule: RuleDocument; readonly stored: StoredRule }
  | { readonly kind: 'remove'; readonly key: string; readonly stored: StoredRule }

/** The version and the content of each rule that the service had, by key, as `3 9f86d081884c`. */
export type Fingerprints = Readonly<Record<string, string>>

export interface RulesPlan {
  readonly diff: RuleDiff
  readonly changes: readonly Change[]
  readonly seen: Fingerprints
}

/** What has to be written so that the service has exactly the wanted rules. */
export function planChanges(stored: readonly StoredRule[], wanted: readonly RuleDocument[]): RulesPlan {
  const diff = diffRules(
    stored.map(({ document }) => document),
    wanted,
  )
  const storedByKey = new Map(stored.map((rule) => [rule.document.key, rule]))
  const wantedByKey = new Map(wanted.map((rule) => [rule.key, rule]))
  const different = [...diff.added, ...diff.changed, ...diff.removed].map(({ key }) => key)
  const changes = different.flatMap((key) => changeOf(key, storedByKey.get(key), wantedByKey.get(key)))
  return { diff, changes, seen: fingerprints(stored) }
}

/** What a service had when it was looked at, to tell later whether it has changed. */
export function fingerprints(stored: readonly StoredRule[]): Fingerprints {
  return Object.fromEntries(stored.map((rule) => [rule.document.key, fingerprintOf(rule)]))
}

/** The keys of the rules that are not what they were; none when nothing has changed. */
export function changedSince(seen: Fingerprints, now: Fingerprints): string[] {
  const keys = new Set([...Object.keys(seen), ...Object.keys(now)])
  return [...keys].filter((key) => seen[key] !== now[key]).toSorted()
}

function changeOf(key: string, stored: StoredRule | undefined, rule: RuleDocument | undefined): Change[] {
  if (rule === undefined) return stored === undefined ? [] : [{ kind: 'remove', key, stored }]
  return [stored === undefined ? { kind: 'create', key, rule } : { kind: 'replace', key, rule, stored }]
}

/** The content too, because versions of two services may be the same by chance. */
function fingerprintOf({ document, version }: StoredRule): string {
  const digest = createHash('sha256').update(ruleText(document)).digest('hex')
  return `${version} ${digest.slice(0, 12)}`
}
