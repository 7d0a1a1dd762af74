import { constants, setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import pg from 'pg'
import { createBacktest } from '../domain/backtest.ts'
import { compileRuleset } from '../domain/ruleset.ts'
import type { BacktestOrder } from '../services/backtest-rules.ts'
import { readDecisionHistory } from './prisma/decision-history.ts'
import { withSession } from './prisma/session-options.ts'

export interface BacktestWorkerData {
  readonly databaseUrl: string
  readonly order: BacktestOrder
}

// Linux gives each thread a priority of its own, and this one is to go after all others; elsewhere it would be the process's.
if (process.platform === 'linux') setPriority(constants.priority.PRIORITY_LOW)

// The entry of a worker thread: reads and judges past decisions beside the event loop, answers with the report, and ends.
const { databaseUrl, order } = workerData as BacktestWorkerData // only the runner starts this thread
const { rules, defaultDepartmentId, limit } = order
// No time limits of its own: on a busy machine this thread may get its turn late, and the runner ends what takes too long.
const client = new pg.Client({ connectionString: withSession(databaseUrl) })
await client.connect()
try {
  const backtest = createBacktest(compileRuleset({ version: 0, rules }), defaultDepartmentId)
  for await (const page of readDecisionHistory(client, limit)) for (const past of page) backtest.add(past)
  parentPort?.postMessage(backtest.report())
} finally {
  await client.end()
}
