import { durableAck } from './promises/p01-durable-ack.ts'
import { oneDecision } from './promises/p02-one-decision.ts'
import { crashAnywhere } from './promises/p03-crash-anywhere.ts'
import { effectivelyOnce } from './promises/p04-effectively-once.ts'
import { inOrder } from './promises/p05-in-order.ts'
import { newestWins } from './promises/p06-newest-wins.ts'
import { poison } from './promises/p11-poison.ts'
import { databaseAway } from './promises/p14-database-away.ts'
import { deadWorker } from './promises/p15-dead-worker.ts'
import { frozenWorker } from './promises/p17-frozen-worker.ts'
import { atomicRules } from './promises/p20-atomic-rules.ts'
import { exactReplay } from './promises/p21-exact-replay.ts'
import { oneBadRule } from './promises/p22-one-bad-rule.ts'
import { boundedRules } from './promises/p23-bounded-rules.ts'
import { signedBytes } from './promises/p24-signed-bytes.ts'
import { secrecy } from './promises/p25-secrecy.ts'
import { erasure } from './promises/p26-erasure.ts'
import { authorisation } from './promises/p27-authorisation.ts'
import type { Scenario } from './scenario.ts'

/** In the order of docs/reliability.md. */
export const SCENARIOS: readonly Scenario[] = [
  durableAck,
  oneDecision,
  crashAnywhere,
  effectivelyOnce,
  inOrder,
  newestWins,
  poison,
  databaseAway,
  deadWorker,
  frozenWorker,
  atomicRules,
  exactReplay,
  oneBadRule,
  boundedRules,
  signedBytes,
  secrecy,
  erasure,
  authorisation,
]
