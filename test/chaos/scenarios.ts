import { durableAck } from './promises/p01-durable-ack.ts'
import { oneDecision } from './promises/p02-one-decision.ts'
import type { Scenario } from './scenario.ts'

/** In the order of docs/reliability.md. */
export const SCENARIOS: readonly Scenario[] = [durableAck, oneDecision]
