import { Prisma } from '../../generated/prisma/client.ts'
import type { Reply } from '../../services/call-ledger.ts'

/** What is kept of a reply. */
export const BODY_CHARACTERS_MAX = 4_096

/** What came of a call, as columns of a statement's table. */
export const REPLY_COLUMNS = 'attempt bigint, status int, body text, error text, duration_ms int'

export function replyColumns({ call, ending }: Reply): object {
  const { result, durationMs, problem } = ending
  const reply = result.kind === 'response' ? result : undefined
  return {
    attempt: String(call.attemptId),
    status: reply?.status,
    body: reply?.body.slice(0, BODY_CHARACTERS_MAX),
    error: result.kind === 'no_response' ? `${result.reason}: ${result.message}` : problem,
    duration_ms: durationMs,
  }
}

/** The step of a statement that records what came of the calls in `table`, aliased `t`; their bodies only where `mayKeepBody` holds. */
export function closingStep(table: Prisma.Sql, mayKeepBody: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`
    UPDATE attempts a SET status = t.status, body = CASE WHEN ${mayKeepBody} THEN t.body END, error = t.error, duration_ms = t.duration_ms
    FROM (SELECT * FROM ${table} AS t ORDER BY attempt) AS t -- as an erasure locks them, in order
    WHERE a.id = t.attempt`
}
