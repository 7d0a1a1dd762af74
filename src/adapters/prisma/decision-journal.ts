import type { CustomerProfile } from '../../domain/customer-profile.ts'
import type { PrismaClient } from '../../generated/prisma/client.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import type { DecisionJournal, NewDecision } from '../../services/decide-events.ts'
import type { KnownCustomer, WaitingEvent } from '../../services/waiting-event.ts'
import { IS_FREE } from './call-ledger.ts'
import { addApplyJob, addLookUpJob, applyJobKey } from './jobs.ts'
import { RECORD_COLUMNS, type RecordRow, readRecord, readRetry, toNumber } from './routing-record.ts'
import { BODY_TEXT, cleanText, holds, holdsForWrite, msSince, msToInterval, toJsonb } from './sql.ts'

/** What is decided when no rule won has no rule's priority: it goes last. */
const NO_RULE_PRIORITY = 0

/** An event may cost a look at the customer, one at the chat, and the move; a decision two of them. So many are asked about at most. */
const CALLS = { perEvent: Prisma.raw('3'), perDecision: Prisma.raw('2') }
const WAITING_COUNTED_MAX = Prisma.raw('1000')

/** Whether there are calls for everything that waits: then it does not matter which goes first. */
const BUDGET_SUFFICES = Prisma.sql`EXISTS (SELECT FROM budget_slots WHERE ${IS_FREE} OFFSET
  ${CALLS.perEvent} * (SELECT count(*) FROM (
    SELECT FROM webhook_events WHERE status = 'waiting' AND chat_id IS NOT NULL LIMIT ${WAITING_COUNTED_MAX}) AS events) +
  ${CALLS.perDecision} * (SELECT count(*) FROM chats WHERE pending_decision_id IS NOT NULL))`

/** Writes each step of deciding as one statement, fenced by the chat's claim. */
export function createDecisionJournal(prisma: PrismaClient): DecisionJournal {
  return {
    async startNext(claim) {
      const [row] = await prisma.$queryRaw<StartedRow[]>`
        WITH started AS (
          UPDATE webhook_events SET starts = starts + 1
          WHERE seq = (
            -- HelpCrunch's clock counts seconds: of one second, the new chat comes first.
            SELECT seq FROM webhook_events WHERE chat_id = ${claim.chatId}::bigint AND status = 'waiting'
            ORDER BY happened_at, type <> 'chat.new', seq LIMIT 1
          ) AND ${holdsForWrite(claim)}
          RETURNING *
        )
        SELECT e.seq, e.id, e.type, ${BODY_TEXT}, e.happened_at, e.starts, e.customer_id, ${msSince('e.received_at')} AS age_ms,
          (extract(epoch FROM e.received_at - e.happened_at) * 1000)::float8 AS late_ms,
          u.profile, u.revision, u.fetched_at IS NOT NULL AS is_complete,
          ${msSince('coalesce(u.fetched_at, u.learned_at)')} AS customer_age_ms,
          EXISTS (
            SELECT FROM decisions n WHERE n.chat_id = e.chat_id AND n.outcome IN ('pending', 'applied', 'unchanged')
              -- By the order above.
              AND (n.happened_at > e.happened_at OR n.happened_at = e.happened_at AND e.type = 'chat.new')
          ) AS is_overtaken,
          ${RECORD_COLUMNS}, (SELECT version FROM ruleset_head) AS ruleset_version
        FROM started e JOIN chats c ON c.id = e.chat_id
        LEFT JOIN customers u ON u.id = e.customer_id
        LEFT JOIN decisions p ON p.id = c.pending_decision_id`
      return row && readStarted(row)
    },

    async record(claim, event, decision) {
      const isPending = decision.outcome === 'pending'
      const job = addApplyJob(claim.chatId, decision.winner?.rule.document.priority ?? NO_RULE_PRIORITY, 0)
      const jobs = isPending
        ? Prisma.sql`(SELECT count(j.id)::int FROM decided, LATERAL ${job} AS j
            WHERE NOT ${BUDGET_SUFFICES} OR EXISTS (SELECT FROM graphile_worker._private_jobs WHERE key = ${applyJobKey(claim.chatId)}))`
        : Prisma.sql`0`
      const [row] = await prisma.$queryRaw<{ id: bigint; jobs: number; has_more: boolean }[]>`
        WITH next AS (
          SELECT nextval('decisions_id_seq') AS id FROM chats c WHERE ${holds(claim)} FOR UPDATE
        ), finished AS (
          UPDATE webhook_events e SET status = 'done', finished_at = clock_timestamp() FROM next
          WHERE e.seq = ${event.seq} AND e.status = 'waiting' RETURNING e.*, next.id AS decision_id
        ), overtaken AS (
          -- A newer event takes over before the older one's call was made: one call brings the chat where it belongs now.
          UPDATE decisions d SET outcome = 'skipped', reason = 'already_routed' FROM finished, chats c
          WHERE ${isPending} AND c.id = finished.chat_id AND d.id = c.pending_decision_id AND d.outcome = 'pending'
        ), chat AS (
          UPDATE chats c SET ${newRecord(decision)} FROM finished WHERE ${holds(claim)} RETURNING c.id
        ), decided AS (
          INSERT INTO decisions (id, event_seq, event_type, chat_id, customer_id, outcome, reason, mode, rule_key, rule_version,
            from_department_id, to_department_id, facts, open_lookups, ruleset_version, happened_at, received_at, decided_at)
          SELECT decision_id, seq, type, chat_id, customer_id, ${decision.outcome}, ${decision.reason ?? null}, ${decision.mode},
            ${decision.winner?.rule.document.key ?? null}, ${decision.winner?.rule.version ?? null}::int,
            ${decision.departmentFrom ?? null}::bigint, ${decision.departmentTo ?? null}::bigint, ${toJsonb(decision.facts)},
            ${[...decision.openLookups]}::text[],
            ${decision.rulesetVersion}::int, happened_at, received_at, clock_timestamp()
          FROM finished RETURNING id
        )
        SELECT decided.id, ${jobs} AS jobs, EXISTS (
          SELECT FROM webhook_events WHERE chat_id = ${claim.chatId}::bigint AND status = 'waiting' AND seq <> ${event.seq}
        ) AS has_more FROM decided`
      return row && { decisionId: row.id, isQueued: row.jobs > 0, hasMore: row.has_more }
    },

    async finish(claim, event, status, problem) {
      await prisma.$executeRaw`
        UPDATE webhook_events SET status = ${status}, problem = ${cleanText(problem)}, finished_at = clock_timestamp()
        WHERE seq = ${event.seq} AND status = 'waiting' AND ${holdsForWrite(claim)}`
    },

    async postpone(claim, event, { delayMs, countsAsTry }) {
      await prisma.$queryRaw`
        WITH chat AS (
          UPDATE chats c SET tries = tries + ${Number(countsAsTry)}::int,
            -- While the account is locked out the schedule stands still: nobody gives up because of a wrong key.
            tried_since = CASE WHEN ${countsAsTry} THEN coalesce(tried_since, clock_timestamp()) ELSE NULL END
          WHERE ${holds(claim)} RETURNING c.id
        ), given_back AS (
          UPDATE webhook_events SET starts = 0 WHERE seq = ${event.seq} AND EXISTS (SELECT FROM chat)
        )
        SELECT j.id FROM chat, ${addLookUpJob(event.seq, claim.chatId, delayMs)} AS j`
    },
  }
}

/** What the decision changes in our own record of the chat. */
function newRecord(decision: NewDecision): Prisma.Sql {
  const { departmentFrom, stateAgeMs } = decision
  const original =
    departmentFrom === undefined
      ? Prisma.empty
      : Prisma.sql`, original_known = true,
        original_department_id = CASE WHEN c.original_known THEN c.original_department_id ELSE ${departmentFrom}::bigint END`
  const seenAt =
    stateAgeMs === undefined ? Prisma.sql`NULL` : Prisma.sql`clock_timestamp() - ${msToInterval(stateAgeMs)}`
  const pending =
    decision.outcome === 'pending'
      ? Prisma.sql`, pending_decision_id = finished.decision_id, state_seen_at = ${seenAt}`
      : Prisma.empty
  return Prisma.sql`tries = 0, tried_since = NULL ${original} ${pending}`
}

interface StartedRow extends RecordRow {
  seq: bigint
  id: string
  type: string
  body: string
  happened_at: Date
  starts: number
  customer_id: bigint | null
  age_ms: number
  late_ms: number
  profile: CustomerProfile | null // only ever written from that schema
  revision: number | null
  is_complete: boolean
  customer_age_ms: number | null
  is_overtaken: boolean
  ruleset_version: number
}

function readStarted(row: StartedRow): WaitingEvent {
  return {
    seq: row.seq,
    id: row.id,
    type: row.type,
    body: row.body,
    happenedAt: row.happened_at,
    ageMs: row.age_ms,
    lateMs: row.late_ms,
    starts: row.starts,
    customerId: toNumber(row.customer_id) ?? undefined,
    customer: readKnownCustomer(row),
    record: readRecord(row),
    isOvertaken: row.is_overtaken,
    retry: readRetry(row),
    rulesetVersion: row.ruleset_version,
  }
}

function readKnownCustomer(row: StartedRow): KnownCustomer | undefined {
  const { profile, revision, is_complete, customer_age_ms } = row
  if (profile === null || revision === null || customer_age_ms === null) return undefined
  return { profile, revision, isComplete: is_complete, ageMs: customer_age_ms }
}
