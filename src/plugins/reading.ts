import type { FastifyInstance } from 'fastify'
import { createBacktestRunner } from '../adapters/backtest-runner.ts'
import { createDecisionReader } from '../adapters/prisma/decision-reader.ts'
import { createEventReader, type EventSummary } from '../adapters/prisma/event-reader.ts'
import { createRetries } from '../adapters/prisma/retries.ts'
import { createRulesetHead } from '../adapters/prisma/ruleset-head.ts'
import { createSeenValues } from '../adapters/prisma/seen-values.ts'
import { createStatsReader } from '../adapters/prisma/stats-reader.ts'
import type { RoutingPolicy } from '../domain/decide.ts'
import { type BacktestResult, backtestRules } from '../services/backtest-rules.ts'
import type { Rulesets } from '../services/decide-events.ts'
import { type ListedFact, listFacts } from '../services/list-facts.ts'
import { readStats, type Stats, type TimeRange } from '../services/read-stats.ts'
import { type DecisionRetry, retryDecision } from '../services/retry-decision.ts'
import { type EventRetry, retryEvent } from '../services/retry-event.ts'
import { type SimulationResult, simulateRouting } from '../services/simulate-routing.ts'

/** What people ask of the record: what if, how much, why, and to try once more. */
export interface ReadingServices {
  simulateRouting(body: unknown): Promise<SimulationResult>
  backtestRules(body: unknown): Promise<BacktestResult>
  readStats(range: TimeRange): Promise<Stats>
  listFacts(): Promise<ListedFact[]>
  retryDecision(id: bigint): Promise<DecisionRetry>
  retryEvent(id: string): Promise<EventRetry<EventSummary & { readonly body: Uint8Array }>>
}

/** How long a stop waits for a backtest; one may take a minute. */
const BACKTEST_MS_MAX = 3_000

/** Wires them; `services.ts` shares its rule sets and policy with them. */
export function createReadingServices(
  app: FastifyInstance,
  shared: { readonly rulesets: Rulesets; readonly policy: RoutingPolicy },
): ReadingServices {
  const { log } = app
  const { prisma, pool } = app.database
  const decisions = createDecisionReader(prisma)
  const events = createEventReader(prisma)
  const ruling = { ...shared, head: createRulesetHead(prisma) }
  const retries = createRetries(prisma)
  const stats = createStatsReader(prisma)
  const seenValues = createSeenValues(prisma)
  const runner = createBacktestRunner(pool.options.connectionString ?? '')
  let patience: NodeJS.Timeout | undefined
  app.addHook('preClose', async () => {
    patience = setTimeout(() => void runner.close(), BACKTEST_MS_MAX)
  })
  app.addHook('onClose', async () => {
    clearTimeout(patience)
    await runner.close()
  })

  return {
    simulateRouting: (body) => simulateRouting({ ...ruling, decisions, clock: () => new Date() }, body),
    backtestRules: (body) => backtestRules({ ...ruling, runner }, body),
    readStats: (range) => readStats({ ...ruling, stats }, range),
    listFacts: () => listFacts(seenValues),
    retryDecision: (id) => retryDecision({ ...shared, decisions, retries, log }, id),
    retryEvent: (id) => retryEvent({ events, retries, log }, id),
  }
}
