import { setImmediate as nextRound } from 'node:timers/promises'
import DataLoader from 'dataloader'
import pLimit from 'p-limit'
import { RefusedStatement } from './query.ts'

/** So many webhooks of 1 MiB would still fit a statement; of everything else a row is far smaller. */
const ROWS_MAX = 50
/** More than a connection and its statement may take. */
const TURN_MS_MAX = 10_000
/** Statements of all steps together: Postgres takes less time for three of many chats each than for five of fewer. */
const AT_ONCE = 3
/** What takes longer waits for something else than a processor (a lock, the disk, the network), and keeps nobody from beginning. */
const BUSY_MS_MAX = 20

/**
 * One statement, and so one commit, for all who take the same step at the same moment: one at a time, and who comes while it is
 * under way shares the next. `run` gives an answer for each row, in their order.
 *
 * When Postgres refuses a statement of several rows, each gets one of its own: what is wrong with one is nobody else's failure.
 */
export type ShareStatement = <In, Out>(
  run: (rows: readonly In[]) => Promise<readonly Out[]>,
) => (row: In) => Promise<Out>

/** For the steps of one process, whose statements make room for each other. */
export function createSharing(): ShareStatement {
  const atOnce = pLimit(AT_ONCE)
  return <In, Out>(run: (rows: readonly In[]) => Promise<readonly Out[]>) => {
    const inTurn = pLimit(1)
    let ended: Promise<unknown> = Promise.resolve()
    const runNext = (rows: readonly In[]) => {
      const statement = runTogether(run, rows)
      ended = statement.then(nextRound, nextRound) // so that those whom the same read from the network has woken share the next one
      return statement
    }
    const loader = new DataLoader<In, Out>(runNext, {
      cache: false,
      maxBatchSize: ROWS_MAX,
      batchScheduleFn(begin) {
        void inTurn(async () => {
          await atOnce(() => {
            begin()
            return waitFor(ended, BUSY_MS_MAX)
          })
          await waitFor(ended, TURN_MS_MAX)
        })
      },
    })
    return (row: In) => loader.load(row)
  }
}

/** Until it has ended, or for so long. */
async function waitFor(ended: Promise<unknown>, msMax: number): Promise<void> {
  const patience = Promise.withResolvers<void>()
  const timer = setTimeout(patience.resolve, msMax).unref()
  await Promise.race([ended, patience.promise])
  clearTimeout(timer)
}

async function runTogether<In, Out>(
  run: (rows: readonly In[]) => Promise<readonly Out[]>,
  rows: readonly In[],
): Promise<readonly (Out | Error)[]> {
  try {
    return await run(rows)
  } catch (error) {
    if (rows.length === 1 || !(error instanceof RefusedStatement)) throw error
    const alone = await Promise.allSettled(rows.map(async (row) => run([row])))
    return alone.flatMap((one): readonly (Out | Error)[] => (one.status === 'fulfilled' ? one.value : [one.reason]))
  }
}

/** The rows that a statement gave, each in the place `n` of whose it is. */
export function inPlace<Row extends { readonly n: number }>(count: number, rows: readonly Row[]): (Row | undefined)[] {
  const places = new Map(rows.map((row) => [row.n, row]))
  return Array.from({ length: count }, (_, n) => places.get(n))
}
