import { Engine, type TopLevelCondition } from 'json-rules-engine-as-published'
import type { Facts } from '../../src/domain/facts.ts'
import type { RuleDocument } from '../../src/domain/rule.ts'

/** json-rules-engine as it is published (ours clones by another package: ADR 0004), and as most people use it: one engine with all rules, and the matching one of the highest priority wins. */
export function createPlainEngine(rules: readonly RuleDocument[]): (facts: Facts) => Promise<number | undefined> {
  const engine = new Engine([], { allowUndefinedFacts: true })
  for (const { priority, department, conditions } of rules) {
    // The bench's rules use nothing but what the engine knows by the same names.
    engine.addRule({
      conditions: conditions as TopLevelCondition,
      priority,
      event: { type: 'route', params: { department } },
    })
  }
  return async (facts) => {
    const { results } = await engine.run({ ...facts })
    const [winner] = results.toSorted((a, b) => (b.priority ?? 0) - (a.priority ?? 0))
    const department: unknown = winner?.event?.params?.department
    return typeof department === 'number' ? department : undefined
  }
}
