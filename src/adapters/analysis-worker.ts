import { parentPort } from 'node:worker_threads'
import { type AnalysisContext, type AnalysisScope, analyseRules } from '../domain/analysis/analyse.ts'
import type { RuleWarning } from '../domain/analysis/rule-warning.ts'
import type { RuleDocument } from '../domain/rule.ts'

export interface AnalysisOrder {
  readonly id: number
  readonly rules: readonly RuleDocument[]
  readonly context: AnalysisContext
  readonly scope: AnalysisScope
}

export interface AnalysisAnswer {
  readonly id: number
  readonly warnings: readonly RuleWarning[]
}

// The entry of a worker thread: says that it is ready, and then analyses one set of rules after the other.
parentPort?.on('message', ({ id, rules, context, scope }: AnalysisOrder) => {
  const answer: AnalysisAnswer = { id, warnings: analyseRules(rules, context, scope) }
  parentPort?.postMessage(answer)
})
parentPort?.postMessage('ready')
