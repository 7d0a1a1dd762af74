import type { Outcome } from '../domain/decide.ts'
import { explain } from '../domain/explain.ts'
import type { RuleExplanation } from '../domain/explanation.ts'
import type { Facts, Lookup, PresentFacts } from '../domain/facts.ts'
import { onlyPresent } from '../domain/helpcrunch-values.ts'
import { createPause } from './create-pause.ts'
import type { Rulesets } from './decide-events.ts'

/** A decision without what only its own page shows. */
export interface DecisionSummary {
  readonly id: bigint
  readonly eventId: string
  readonly eventType: string
  readonly chatId: number
  readonly customerId: number | null
  readonly outcome: Outcome
  readonly reason: string | null
  readonly mode: string
  readonly rule: { readonly key: string; readonly version: number } | null
  readonly department: { readonly from: number | null; readonly to: number | null }
  readonly rulesetVersion: number
  readonly receivedAt: Date
  readonly decidedAt: Date
  readonly appliedAt: Date | null
  /** When the customer's data was erased: there are no facts since, and nothing to explain it by. */
  readonly erasedAt: Date | null
}

/** One HTTP call. A call with neither status nor error has not ended, or its process has before it did. */
export interface AttemptRecord {
  readonly number: number
  readonly at: Date
  readonly durationMs: number | null
  readonly method: string
  readonly path: string
  readonly status: number | null
  readonly body: string | null
  readonly error: string | null
}

export interface RecordedDecision extends DecisionSummary {
  readonly attempts: readonly AttemptRecord[]
}

/** With what its explanation is computed from. */
export interface ReplayableDecision extends RecordedDecision {
  readonly happenedAt: Date
  readonly facts: Facts
  readonly openLookups: ReadonlySet<Lookup>
}

export interface ExplainedDecision extends RecordedDecision {
  readonly facts: PresentFacts
  readonly explanation: readonly RuleExplanation[]
}

/** The port this service needs; `adapters/prisma/decision-reader.ts` implements it. */
export interface DecisionReader {
  find(id: bigint): Promise<ReplayableDecision | undefined>
}

/** A decision with the explanation of every rule, recomputed from its own row by the code that decided. */
export async function readDecision(
  deps: { readonly decisions: DecisionReader; readonly rulesets: Rulesets },
  id: bigint,
): Promise<ExplainedDecision | undefined> {
  const found = await deps.decisions.find(id)
  if (found === undefined) return undefined
  const { happenedAt, openLookups, ...recorded } = found
  const { facts } = recorded
  const decision = { ...recorded, facts: onlyPresent(facts) }
  if (decision.erasedAt !== null) return { ...decision, explanation: [] }
  const ruleset = await deps.rulesets.at(decision.rulesetVersion)
  const routingCase = { eventType: decision.eventType, at: happenedAt, facts }
  const winnerKey = decision.rule?.key ?? null
  return { ...decision, explanation: await explain(ruleset, routingCase, winnerKey, openLookups, createPause()) }
}
