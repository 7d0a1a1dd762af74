import { Prisma } from '../../generated/prisma/client.ts'
import type { Settlement } from '../../services/pending-decision.ts'
import { holds } from './sql.ts'

/**
 * Two steps of a statement: `chat` frees the chat of its pending decision and of its claim, and has a row if the claim still
 * held; `settled` makes the outcome final.
 */
export function settleSteps({ claim, pending, outcome, reason, departmentFrom }: Settlement): Prisma.Sql {
  const isApplied = outcome === 'applied'
  const routed = isApplied
    ? Prisma.sql`, routed_department_id = ${pending.departmentId}::bigint, routed_at = clock_timestamp()`
    : Prisma.empty
  const from = departmentFrom === undefined ? Prisma.sql`from_department_id` : Prisma.sql`${departmentFrom}::bigint`
  return Prisma.sql`chat AS (
      UPDATE chats c SET pending_decision_id = NULL, tries = 0, tried_since = NULL, ${LET_GO} ${routed}
      WHERE ${holds(claim)} AND c.pending_decision_id = ${pending.id} RETURNING c.id
    ), settled AS (
      UPDATE decisions SET outcome = ${outcome}, reason = coalesce(${reason ?? null}, reason), from_department_id = ${from},
        applied_at = CASE WHEN ${isApplied} THEN clock_timestamp() END
      WHERE id = ${pending.id} AND outcome = 'pending' AND EXISTS (SELECT FROM chat)
    )`
}

/** What ends a claim on a row of `chats`. */
export const LET_GO = Prisma.sql`claimed_by = NULL, claimed_until = NULL`
