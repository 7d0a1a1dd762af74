import type { PastDecision } from './backtest.ts'
import type { RuleDocument } from './rule.ts'
import { type CompiledRuleset, inOrderTried } from './ruleset.ts'
import { tryRule } from './try-rules.ts'

/** A past decision with what came of it. */
export interface ComparedDecision extends PastDecision {
  /** The rule that won then, with the priority it had; null when none did. */
  readonly winner: Pick<RuleDocument, 'key' | 'priority'> | null
  /** Whether the whole service was in shadow, and nothing was done. */
  readonly wasShadow: boolean
  /** Where a later event says that the chat is, null for in no department; undefined when none says so. */
  readonly departmentLater: number | null | undefined
}

/** What a shadow rule would have done. `agreed` and `differed` split `wouldHaveWon`: whether the department was the one chosen. */
export interface ShadowRuleComparison {
  readonly rule: string
  readonly matched: number
  readonly wouldHaveWon: number
  readonly agreed: number
  readonly differed: number
  /** It, or who won, hung on a fact that was not looked up. */
  readonly unknown: number
}

/** What the service in shadow would have done, against where the chats are later. */
export interface ShadowServiceComparison {
  readonly decisions: number
  readonly agreed: number
  readonly differed: number
  /** No later event has told where the chat is. */
  readonly unknown: number
}

export interface ShadowComparison {
  /** How many of the newest decisions were compared. */
  readonly decisions: number
  readonly rules: readonly ShadowRuleComparison[]
  readonly service: ShadowServiceComparison
}

export interface ShadowComparing {
  add(past: ComparedDecision): void
  result(): ShadowComparison
}

/** Compares the shadow rules of a rule set, and the service in shadow, with what happened. */
export function createShadowComparison(ruleset: CompiledRuleset): ShadowComparing {
  const shadows = ruleset.rules.filter(({ rule }) => rule.document.status === 'shadow')
  const rules = shadows.map((compiled) => {
    const counts = { matched: 0, wouldHaveWon: 0, agreed: 0, differed: 0, unknown: 0 }
    return { compiled, document: compiled.rule.document, counts }
  })
  const service = { decisions: 0, agreed: 0, differed: 0, unknown: 0 }
  let decisions = 0

  return {
    add(past) {
      decisions += 1
      for (const { compiled, document, counts } of rules) {
        const trial = tryRule(compiled, past.routingCase, past.openLookups)
        if (trial === 'open') counts.unknown += 1
        if (trial !== 'match') continue
        counts.matched += 1
        if (past.wasLeftOpen) {
          counts.unknown += 1
          continue
        }
        if (past.winner !== null && inOrderTried(past.winner, document) < 0) continue
        counts.wouldHaveWon += 1
        counts[past.chosen.department === document.department ? 'agreed' : 'differed'] += 1
      }
      if (!past.wasShadow) return
      service.decisions += 1
      service[agreement(past)] += 1
    },
    result: () => ({
      decisions,
      rules: rules.map(({ document, counts }) => ({ rule: document.key, ...counts })),
      service,
    }),
  }
}

function agreement({ chosen, departmentLater }: ComparedDecision): 'agreed' | 'differed' | 'unknown' {
  if (departmentLater === undefined) return 'unknown'
  return departmentLater === chosen.department ? 'agreed' : 'differed'
}
