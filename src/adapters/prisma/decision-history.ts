import type pg from 'pg'
import type { PastDecision } from '../../domain/backtest.ts'
import type { Facts, Lookup } from '../../domain/facts.ts'

interface HistoryRow {
  id: string
  chat_id: string
  event_type: string
  happened_at: Date
  facts: Facts // this and the look-ups are only ever written from those types
  open_lookups: Lookup[]
  rule_key: string | null
  to_department_id: string | null
  was_left_open: boolean
}

/** A page is one slice of work between two looks at the event loop. */
const PAGE_SIZE = 500

/**
 * The newest decisions that something was chosen in, newest first, in pages. Those that gave up on a look-up chose
 * nothing; of those that were erased, nobody knows what they were chosen by. Through `pg` itself: a worker thread of its own would start a second Prisma for this one statement.
 */
export async function* readDecisionHistory(
  database: Pick<pg.ClientBase, 'query'>,
  limit: number,
): AsyncGenerator<PastDecision[]> {
  let before: string | null = null
  for (let left = limit; left > 0; left -= PAGE_SIZE) {
    const size = Math.min(PAGE_SIZE, left)
    const { rows }: pg.QueryResult<HistoryRow> = await database.query<HistoryRow>(SQL, [before, size])
    yield rows.map(readRow)
    const last = rows.at(-1)
    if (last === undefined || rows.length < size) return
    before = last.id
  }
}

/** Of all that were skipped only those whose winner hung on a look-up that nobody made have no department. */
const WAS_LEFT_OPEN = "outcome = 'skipped' AND to_department_id IS NULL"

const SQL = `
  SELECT id, chat_id, event_type, happened_at, facts, open_lookups, rule_key, to_department_id,
    ${WAS_LEFT_OPEN} AS was_left_open
  FROM decisions
  WHERE ($1::bigint IS NULL OR id < $1) AND reason IS DISTINCT FROM 'lookup_failed' AND erased_at IS NULL
  ORDER BY id DESC LIMIT $2`

function readRow(row: HistoryRow): PastDecision {
  return {
    id: row.id,
    chatId: Number(row.chat_id),
    routingCase: { eventType: row.event_type, at: row.happened_at, facts: row.facts },
    openLookups: new Set(row.open_lookups),
    chosen: {
      rule: row.rule_key,
      department: row.to_department_id === null ? null : Number(row.to_department_id),
    },
    wasLeftOpen: row.was_left_open,
  }
}
