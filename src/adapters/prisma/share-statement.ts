import DataLoader from 'dataloader'
import { RefusedStatement } from './query.ts'

/** So many webhooks of 1 MiB would still fit a statement; of everything else a row is far smaller. */
const ROWS_MAX = 50
/** More than a connection and its statement may take. */
const TURN_MS_MAX = 10_000

/**
 * One statement, and so one commit, for all who take the same step at the same moment: one at a time, and who comes while it is
 * under way shares the next. `run` gives an answer for each row, in their order.
 *
 * When Postgres refuses a statement of several rows, each gets one of its own: what is wrong with one is nobody else's failure.
 */
export function shareStatement<In, Out>(
  run: (rows: readonly In[]) => Promise<readonly Out[]>,
): (row: In) => Promise<Out> {
  const turns = createTurns()
  const loader = new DataLoader<In, Out>((rows) => runTogether(run, rows).finally(turns.end), {
    cache: false,
    maxBatchSize: ROWS_MAX,
    batchScheduleFn: turns.begin,
  })
  return (row) => loader.load(row)
}

/** Begins one thing after the other, and the next one all the same when one does not say that it has ended. */
function createTurns() {
  const waiting: (() => void)[] = []
  let isBusy = false
  let patience: NodeJS.Timeout | undefined
  const next = (soon: (begin: () => void) => void) => {
    clearTimeout(patience)
    const begin = waiting.shift()
    isBusy = begin !== undefined
    if (begin === undefined) return
    patience = setTimeout(end, TURN_MS_MAX)
    patience.unref()
    soon(begin)
  }
  const end = () => next(setImmediate) // so that those whom the same read from the network has woken share the next one
  return {
    begin(begin: () => void) {
      waiting.push(begin)
      if (!isBusy) next(queueMicrotask)
    },
    end,
  }
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
