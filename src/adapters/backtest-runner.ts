import { Worker } from 'node:worker_threads'
import type { BacktestReport } from '../domain/backtest.ts'
import type { BacktestOrder, BacktestRun, BacktestRunner } from '../services/backtest-rules.ts'
import type { BacktestWorkerData } from './backtest-worker.ts'
import { programBeside } from './program-beside.ts'

export interface ClosableBacktestRunner extends BacktestRunner {
  /** Ends the one under way and those that wait: all are told that they were stopped. */
  close(): Promise<void>
}

/** Each has a core to itself, so they go one after the other; a person waits for each. */
const WAITING_MAX = 4
const RUN_MS_MAX = 60_000
/** Of 10,000 decisions only a page is in memory; 10,000 rules with patterns need the most. */
const HEAP_MB_MAX = 512

/** Runs backtests in a worker thread with its own connection, so that no webhook waits for one. */
export function createBacktestRunner(databaseUrl: string): ClosableBacktestRunner {
  let last: Promise<unknown> = Promise.resolve()
  let open = 0
  let worker: Worker | undefined
  let closed = false

  const start = async (order: BacktestOrder): Promise<BacktestRun> => {
    if (closed) return { kind: 'stopped' }
    const data: BacktestWorkerData = { databaseUrl, order }
    worker = new Worker(programBeside(import.meta.url, 'backtest-worker'), {
      workerData: data,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB_MAX },
    })
    return outcomeOf(worker).catch((error: unknown) => {
      if (closed) return { kind: 'stopped' }
      throw error
    })
  }

  return {
    async run(order) {
      if (open > WAITING_MAX) return { kind: 'busy' }
      open += 1
      const run = last.then(() => start(order))
      last = run.catch(() => undefined)
      return run.finally(() => {
        open -= 1
      })
    },
    async close() {
      closed = true
      await worker?.terminate()
      await last
    },
  }
}

/** Rejects when the thread fails, as when the database is away, or is ended from outside. */
function outcomeOf(worker: Worker): Promise<BacktestRun> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      resolve({ kind: 'gave_up', reason: 'too_long' })
      void worker.terminate()
    }, RUN_MS_MAX)
    worker.once('message', (report: BacktestReport) => resolve({ kind: 'done', report }))
    worker.once('error', (error) => {
      const isTooLarge = 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY'
      if (isTooLarge) resolve({ kind: 'gave_up', reason: 'too_large' })
      else reject(new Error('The backtest failed.', { cause: error }))
    })
    worker.once('exit', () => {
      clearTimeout(timer)
      reject(new Error('The backtest was ended.'))
    })
  })
}
