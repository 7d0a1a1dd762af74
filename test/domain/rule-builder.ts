import type { Facts } from '../../src/domain/facts.ts'
import type { RoutingCase } from '../../src/domain/find-winner.ts'
import type { RuleDocument } from '../../src/domain/rule.ts'
import { type CompiledRuleset, compileRuleset } from '../../src/domain/ruleset.ts'

/** A valid enabled rule for German speakers; override the one thing the test is about. */
export function buildRule(overrides: Partial<RuleDocument> = {}): RuleDocument {
  return {
    key: 'german',
    name: 'German speakers',
    status: 'enabled',
    priority: 100,
    conditions: { all: [{ fact: 'language', operator: 'equal', value: 'de' }] },
    department: 7,
    ...overrides,
  }
}

/** Rules compiled together, as version 1 each. */
export function buildRuleset(...documents: RuleDocument[]): CompiledRuleset {
  return compileRuleset({ version: 1, rules: documents.map((document) => ({ document, version: 1 })) })
}

/** A new chat on a Monday morning in Berlin (10:00 there). */
export function buildCase(facts: Facts, overrides: Partial<RoutingCase> = {}): RoutingCase {
  return { eventType: 'chat.new', at: new Date('2026-03-02T09:00:00Z'), facts, ...overrides }
}
