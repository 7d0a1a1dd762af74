import { ZenEngine } from '@gorules/zen-engine'
import type { Facts } from '../../src/domain/facts.ts'
import { routedBy } from '../support/rule-sets.ts'

const FIELDS = [
  { id: 'language', name: 'Language', field: 'language' },
  { id: 'plan', name: 'Plan', field: 'plan' },
  { id: 'tags', name: 'Tags', field: 'tags' },
]

/** The rules of `languagePlanTag` as a decision table of GoRules' engine; the first row that matches wins. */
export function createZenTable(count: number): (facts: Facts) => Promise<number | undefined> {
  const rules = Array.from({ length: count }, (_, index) => {
    const { language, plan, tag } = routedBy(index)
    const row = { language: `"${language}"`, plan: `"${plan}"`, tags: `some($, # == "${tag}")` }
    return { _id: String(index), ...row, department: String(10 + (index % 20)) }
  })
  const outputs = [{ id: 'department', name: 'Department', field: 'department' }]
  const table = {
    ...{ id: 'table', name: 'Rules', type: 'decisionTableNode', position: { x: 0, y: 0 } },
    content: { hitPolicy: 'first', inputs: FIELDS, outputs, rules },
  }
  const ends = [
    { id: 'in', name: 'In', type: 'inputNode', position: { x: 0, y: 0 } },
    { id: 'out', name: 'Out', type: 'outputNode', position: { x: 0, y: 0 } },
  ]
  const edges = [
    { id: 'a', sourceId: 'in', targetId: 'table', type: 'edge' },
    { id: 'b', sourceId: 'table', targetId: 'out', type: 'edge' },
  ]
  const decision = new ZenEngine().createDecision({ nodes: [...ends, table], edges })
  return async (facts) => {
    const { result } = await decision.evaluate({ ...facts })
    return result?.department
  }
}
