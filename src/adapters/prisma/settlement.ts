import { Prisma } from '../../generated/prisma/client.ts'
import type { Settlement } from '../../services/pending-decision.ts'

/** How a pending decision ends, as columns of a statement's table. */
export const SETTLEMENT_COLUMNS =
  'chat bigint, fence bigint, decision bigint, outcome text, reason text, department bigint, knows_from boolean, department_from bigint'

export function settlementColumns({ claim, pending, outcome, reason, departmentFrom }: Settlement): object {
  return {
    chat: claim.chatId,
    fence: String(claim.fence),
    decision: String(pending.id),
    outcome,
    reason,
    department: pending.departmentId,
    knows_from: departmentFrom !== undefined,
    department_from: departmentFrom,
  }
}

/**
 * Two steps of a statement: `chat` frees the chats in `table` of their pending decisions and of their claims, and has a row for
 * each whose claim still held; `settled` makes the outcomes final.
 */
export function settleSteps(table: Prisma.Sql): Prisma.Sql {
  const isApplied = Prisma.sql`t.outcome = 'applied'`
  return Prisma.sql`chat AS (
      UPDATE chats c SET pending_decision_id = NULL, tries = 0, tried_since = NULL, ${LET_GO},
        routed_department_id = CASE WHEN ${isApplied} THEN t.department ELSE c.routed_department_id END,
        routed_at = CASE WHEN ${isApplied} THEN clock_timestamp() ELSE c.routed_at END
      FROM (SELECT * FROM ${table} AS t WHERE decision IS NOT NULL ORDER BY chat) AS t -- as they are claimed, in order
      WHERE c.id = t.chat AND c.fence = t.fence AND c.pending_decision_id = t.decision RETURNING t.*, 'pending' AS before
    ), settled AS (
      UPDATE decisions d SET outcome = t.outcome, reason = coalesce(t.reason, d.reason),
        from_department_id = CASE WHEN t.knows_from THEN t.department_from ELSE d.from_department_id END,
        applied_at = CASE WHEN ${isApplied} THEN clock_timestamp() END
      FROM (SELECT * FROM chat ORDER BY decision) AS t -- as an erasure locks them, in order
      WHERE d.id = t.decision AND d.outcome = t.before -- a joined value, no constant: the planner would read all that is pending
    )`
}

/** What ends a claim on a row of `chats`. */
export const LET_GO = Prisma.sql`claimed_by = NULL, claimed_until = NULL`
