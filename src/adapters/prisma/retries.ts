import { NO_RULE_PRIORITY } from '../../domain/decide.ts'
import type { PrismaClient } from '../../generated/prisma/client.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import type { DecisionRetries, NewerDecision } from '../../services/retry-decision.ts'
import type { EventRetries } from '../../services/retry-event.ts'
import { addApplyJob, addDecideJob, addLearnJob } from './jobs.ts'
import { TAKES_OVER } from './routing-record.ts'

/** What a person may set going again. Nobody holds the chat's claim here, so each statement asks for what it changes. */
export function createRetries(prisma: PrismaClient): DecisionRetries & EventRetries {
  return {
    async findNewer({ id, chatId }) {
      const [row] = await prisma.$queryRaw<NewerDecision[]>`
        SELECT id, outcome FROM decisions
        WHERE chat_id = ${chatId}::bigint AND id <> ${id}
          AND (outcome = 'pending' OR id > ${id} AND outcome IN ${TAKES_OVER})
        ORDER BY id DESC LIMIT 1`
      return row
    },

    async callAgain({ id, chatId, rule }) {
      const priority = await findPriority(prisma, rule)
      // The chat's row is locked before the decision changes, so that a worker which is deciding comes before this, and is noticed, or after it.
      const rows = await prisma.$queryRaw<{ id: bigint }[]>`
        WITH chat AS (
          UPDATE chats c SET pending_decision_id = ${id}, pending_priority = ${priority}::int,
            state_seen_at = NULL, tries = 0, tried_since = NULL
          WHERE c.id = ${chatId}::bigint AND c.pending_decision_id IS NULL AND ${isUndisturbed(chatId)} AND ${isNewest(id, chatId)}
            -- With a lock: one that is too old may be deleted at this very moment, and the chat would wait for it for good.
            AND EXISTS (SELECT FROM decisions d WHERE d.id = ${id} AND d.outcome = 'failed' FOR UPDATE)
          RETURNING c.id
        ), decision AS (
          UPDATE decisions d SET outcome = 'pending', reason = CASE WHEN d.rule_key IS NULL THEN 'default_department' END
          WHERE d.id = ${id} AND d.outcome = 'failed' AND EXISTS (SELECT FROM chat) RETURNING d.id
        )
        SELECT decision.id, j.id AS job
        FROM decision, ${addApplyJob(Prisma.sql`${chatId}::bigint`, Prisma.sql`${priority}::int`, 0)} AS j`
      return rows.length > 0
    },

    async decideAgain({ id, chatId }) {
      const job = addDecideJob(Prisma.sql`event.seq`, Prisma.sql`event.chat_id`)
      const rows = await prisma.$queryRaw<{ seq: bigint }[]>`
        WITH chat AS (
          UPDATE chats c SET tries = 0, tried_since = NULL
          WHERE c.id = ${chatId}::bigint AND c.pending_decision_id IS NULL AND ${isUndisturbed(chatId)} AND ${isNewest(id, chatId)} RETURNING c.id
        ), event AS (
          -- An erasure that has begun keeps the decision, as it is all that is left.
          UPDATE webhook_events e SET status = 'waiting', starts = 0, finished_at = NULL
          FROM decisions d WHERE d.id = ${id} AND d.outcome = 'failed' AND d.to_department_id IS NULL AND e.seq = d.event_seq
            AND e.status = 'done' AND e.erased_at IS NULL AND EXISTS (SELECT FROM chat) RETURNING e.seq, e.chat_id
        ), taken_back AS (
          DELETE FROM decisions d USING event WHERE d.event_seq = event.seq
        )
        SELECT event.seq, j.id AS job FROM event, LATERAL ${job} AS j`
      return rows.length > 0
    },

    async startAgain(seq, { chatId, customerId }) {
      const job =
        chatId === null
          ? addLearnJob(Prisma.sql`event.seq`)
          : addDecideJob(Prisma.sql`event.seq`, Prisma.sql`event.chat_id`)
      const rows = await prisma.$queryRaw<{ seq: bigint }[]>`
        WITH event AS (
          UPDATE webhook_events SET status = 'waiting', problem = NULL, finished_at = NULL, starts = 0,
            chat_id = ${chatId}::bigint, customer_id = ${customerId}::bigint
          WHERE seq = ${seq} AND status = 'set_aside' AND erased_at IS NULL RETURNING seq, chat_id
        )
        SELECT event.seq, j.id AS job FROM event, LATERAL ${job} AS j`
      return rows.length > 0
    },
  }
}

/**
 * The statement sees all other rows as they were when it began: where it had to wait for somebody who changed the chat's row, that is
 * too old to judge by.
 */
function isUndisturbed(chatId: number): Prisma.Sql {
  return Prisma.sql`c.xmin = (SELECT seen.xmin FROM chats seen WHERE seen.id = ${chatId}::bigint)`
}

function isNewest(id: bigint, chatId: number): Prisma.Sql {
  return Prisma.sql`NOT EXISTS (
    SELECT FROM decisions n WHERE n.chat_id = ${chatId}::bigint AND n.id > ${id} AND n.outcome IN ${TAKES_OVER}
  )`
}

/** Of the version that won; what no rule decided goes last. */
async function findPriority(
  prisma: PrismaClient,
  rule: { readonly key: string; readonly version: number } | null,
): Promise<number> {
  if (rule === null) return NO_RULE_PRIORITY
  const [row] = await prisma.$queryRaw<{ priority: number }[]>`
    SELECT (document ->> 'priority')::int AS priority FROM rule_versions WHERE key = ${rule.key} AND version = ${rule.version}`
  return row?.priority ?? NO_RULE_PRIORITY
}
