import type { RuleDocument } from '../domain/rule.ts'
import type { CompiledRuleset } from '../domain/ruleset.ts'
import type { Identity } from './authenticate.ts'

/** A rule as it is now, with what the service has added to it. */
export type StoredRule = RuleDocument & {
  readonly version: number
  readonly createdAt: Date
  readonly updatedAt: Date
  readonly updatedBy: string
}

/** One version of a rule: its whole document, and the rule-set versions in which it was live; `liveTo` is the first one without it. */
export interface StoredVersion {
  readonly version: number
  readonly author: string
  readonly createdAt: Date
  readonly liveFrom: number
  readonly liveTo: number | null
  readonly document: RuleDocument
}

/** What was done, as the audit names it. */
export type RuleAction =
  | 'rule.imported'
  | 'rule.created'
  | 'rule.changed'
  | 'rule.deleted'
  | 'rule.rolled_back'
  | 'rule.reordered'

/** What becomes of one rule; a document of null deletes it. */
export interface RuleChange {
  readonly key: string
  readonly document: RuleDocument | null
  readonly action: RuleAction
}

export type AppliedChanges =
  | { readonly kind: 'applied'; readonly rulesetVersion: number; readonly rules: readonly StoredRule[] }
  /** Somebody else has changed the rules meanwhile: nothing was written. */
  | { readonly kind: 'conflict' }

/** The port for every write of rules; `adapters/prisma/rule-book.ts` implements it. */
export interface RuleBook {
  /**
   * Makes all the changes in the rule-set version after `base`, with their audit entries, if `base` is still in force.
   * One statement: all of it or nothing. At most one change a rule.
   */
  apply(base: number, changes: readonly RuleChange[], by: Pick<Identity, 'name' | 'tokenId'>): Promise<AppliedChanges>
}

/** The port to the rules in force, all of one moment; `Rulesets` and `RulesetHead` make it. */
export interface LiveRules {
  read(): Promise<CompiledRuleset>
}
