import { Prisma } from '../../generated/prisma/client.ts'
import type { Reply } from '../../services/call-helpcrunch.ts'
import { cleanText } from './sql.ts'

/** What is kept of a reply. */
const BODY_CHARACTERS_MAX = 4_096

/** The step of a statement that records what came of a call, if `condition` holds; its body only if `mayKeepBody` does. */
export function closingStep({ call, ending }: Reply, condition: Prisma.Sql, mayKeepBody: Prisma.Sql): Prisma.Sql {
  const { result, durationMs, problem } = ending
  const reply = result.kind === 'response' ? result : undefined
  const body = reply ? cleanText(reply.body).slice(0, BODY_CHARACTERS_MAX) : null
  const error = result.kind === 'no_response' ? `${result.reason}: ${result.message}` : (problem ?? null)
  return Prisma.sql`
    UPDATE attempts SET status = ${reply?.status ?? null}::int, body = CASE WHEN ${mayKeepBody} THEN ${body}::text END,
      error = ${error === null ? null : cleanText(error)}, duration_ms = ${durationMs}::int
    WHERE id = ${call.attemptId} AND ${condition}`
}
