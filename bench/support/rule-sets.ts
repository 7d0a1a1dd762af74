import type { Conditions } from '../../src/domain/conditions.ts'
import type { Facts } from '../../src/domain/facts.ts'
import type { RuleDocument } from '../../src/domain/rule.ts'

const LANGUAGES = 25
const PLANS = 8

/** A customer for whom exactly the rule with this number was written. */
export interface Routed {
  readonly language: string
  readonly plan: string
  readonly tag: string
}

/** Language, plan and tag of the rule with this number; all different up to any number of rules. */
export function routedBy(index: number): Routed {
  const language = `l${String.fromCharCode(97 + (index % LANGUAGES))}`
  const plan = `plan-${Math.floor(index / LANGUAGES) % PLANS}`
  return { language, plan, tag: `tag-${Math.floor(index / (LANGUAGES * PLANS))}` }
}

/** Rules as support teams write them: a language and a plan and a tag. */
export function languagePlanTag(count: number): RuleDocument[] {
  return Array.from({ length: count }, (_, index) => {
    const { language, plan, tag } = routedBy(index)
    return ruleOf(index, count, {
      all: [
        { fact: 'language', operator: 'equal', value: language },
        { fact: 'plan', operator: 'equal', value: plan },
        { fact: 'tags', operator: 'contains', value: tag },
      ],
    })
  })
}

/** What is known of a chat that the rule with this number takes. */
export function factsFor(index: number): Facts {
  const { language, plan, tag } = routedBy(index)
  return { event: 'chat.new', language, plan, tags: ['newsletter', tag], country: 'AT', 'custom.seats': index }
}

/** An enabled rule with these conditions; the first is tried first. */
export function ruleOf(index: number, count: number, conditions: Conditions): RuleDocument {
  const priority = Math.max(1, Math.ceil(((count - index) / count) * 10_000))
  const key = `rule-${String(index).padStart(5, '0')}`
  return { key, name: `Rule ${index}`, status: 'enabled', priority, conditions, department: 10 + (index % 20) }
}

/** Which rule the chat of this step is for: customers of a hundred kinds, spread over all rules. */
export function ruleOfStep(step: number, count: number): number {
  return ((step % 100) * 7_919) % count
}
