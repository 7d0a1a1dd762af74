import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { analyseRules } from '../domain/analysis/analyse.ts'
import type { RuleWarning } from '../domain/analysis/rule-warning.ts'
import type { Conditions } from '../domain/conditions.ts'
import type { Log } from '../services/log.ts'
import type { RuleAnalyst } from '../services/warn-about-rules.ts'
import type { AnalysisAnswer, AnalysisOrder } from './analysis-worker.ts'
import { programBeside } from './program-beside.ts'

export interface ClosableRuleAnalyst extends RuleAnalyst {
  /** Ends the thread; who still waits is told that there is no answer. */
  close(): Promise<void>
}

/** A person waits for each: 2,000 rules take half a second. */
const WAIT_MS_MAX = 3_000

/** So few conditions take some 50 ms at the worst, and mostly 5; a thread takes 200 ms to start, and 50 MB. */
const LEAVES_IN_PLACE_MAX = 100

/** Analyses rules: 500 of them take half a second, so it happens in a worker thread, and no webhook waits for it. The thread starts when it is needed. */
export function createAnalysisRunner(log: Log): ClosableRuleAnalyst {
  const waiting = new Map<number, PromiseWithResolvers<readonly RuleWarning[] | undefined>>()
  let worker: Promise<Worker> | undefined
  let lastId = 0

  async function start(): Promise<Worker> {
    const started = new Worker(programBeside(import.meta.url, 'analysis-worker'))
    started.unref()
    await once(started, 'message') // it is ready
    started.on('message', ({ id, warnings }: AnalysisAnswer) => waiting.get(id)?.resolve(warnings))
    started.on('error', (cause) => {
      worker = undefined
      for (const { reject } of waiting.values()) reject(new Error('The analysis failed.', { cause }))
    })
    return started
  }

  async function stop(): Promise<void> {
    const stopped = worker
    worker = undefined
    for (const { resolve } of waiting.values()) resolve(undefined)
    await (await stopped)?.terminate()
  }

  async function analyseAside(order: Omit<AnalysisOrder, 'id'>): Promise<readonly RuleWarning[] | undefined> {
    worker ??= start().catch((error: unknown) => {
      worker = undefined
      throw error
    })
    const thread = await worker
    const id = ++lastId
    const answer = Promise.withResolvers<readonly RuleWarning[] | undefined>()
    waiting.set(id, answer)
    // One that takes too long stands in the way of all behind it, so the thread goes with it.
    const timer = setTimeout(() => void stop(), WAIT_MS_MAX)
    thread.postMessage({ ...order, id } satisfies AnalysisOrder)
    return answer.promise.finally(() => {
      clearTimeout(timer)
      waiting.delete(id)
    })
  }

  return {
    async analyse(rules, context, scope) {
      const leaves = rules.reduce((sum, { conditions }) => sum + countLeaves(conditions), 0)
      try {
        if (leaves <= LEAVES_IN_PLACE_MAX) return analyseRules(rules, context, scope)
        return await analyseAside({ rules, context, scope })
      } catch (error) {
        // The write that it is about has been made, and must not look as if it had failed.
        log.error({ err: error }, 'rules.not_analysed')
        return undefined
      }
    },
    close: stop,
  }
}

function countLeaves(conditions: Conditions): number {
  if ('not' in conditions) return countLeaves(conditions.not)
  if ('fact' in conditions) return 1
  const members = 'all' in conditions ? conditions.all : conditions.any
  return members.reduce((sum, member) => sum + countLeaves(member), 0)
}
