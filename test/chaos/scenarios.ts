import { durableAck } from './promises/p01-durable-ack.ts'
import { oneDecision } from './promises/p02-one-decision.ts'
import { crashAnywhere } from './promises/p03-crash-anywhere.ts'
import { effectivelyOnce } from './promises/p04-effectively-once.ts'
import { inOrder } from './promises/p05-in-order.ts'
import { newestWins } from './promises/p06-newest-wins.ts'
import { noLoops } from './promises/p07-no-loops.ts'
import { dayOfOutage } from './promises/p08-day-of-outage.ts'
import { accountBudget } from './promises/p09-budget.ts'
import { rightAnswer } from './promises/p10-right-answer.ts'
import { poison } from './promises/p11-poison.ts'
import { drainsOnSigterm } from './promises/p12-drain.ts'
import { meaningfulProbes } from './promises/p13-probes.ts'
import { databaseAway } from './promises/p14-database-away.ts'
import { deadWorker } from './promises/p15-dead-worker.ts'
import { boundedOverload } from './promises/p16-overload.ts'
import { frozenWorker } from './promises/p17-frozen-worker.ts'
import { wrongClocks } from './promises/p18-wrong-clocks.ts'
import { startingTogether } from './promises/p19-starting-together.ts'
import { atomicRules } from './promises/p20-atomic-rules.ts'
import { exactReplay } from './promises/p21-exact-replay.ts'
import { oneBadRule } from './promises/p22-one-bad-rule.ts'
import { boundedRules } from './promises/p23-bounded-rules.ts'
import { signedBytes } from './promises/p24-signed-bytes.ts'
import { secrecy } from './promises/p25-secrecy.ts'
import { erasure } from './promises/p26-erasure.ts'
import { authorisation } from './promises/p27-authorisation.ts'
import { soak } from './promises/p28-soak.ts'
import type { Scenario } from './scenario.ts'

/** In the order of docs/reliability.md. */
export const SCENARIOS: readonly Scenario[] = [
  durableAck,
  oneDecision,
  crashAnywhere,
  effectivelyOnce,
  inOrder,
  newestWins,
  noLoops,
  dayOfOutage,
  accountBudget,
  rightAnswer,
  poison,
  drainsOnSigterm,
  meaningfulProbes,
  databaseAway,
  deadWorker,
  boundedOverload,
  frozenWorker,
  wrongClocks,
  startingTogether,
  atomicRules,
  exactReplay,
  oneBadRule,
  boundedRules,
  signedBytes,
  secrecy,
  erasure,
  authorisation,
  soak,
]
