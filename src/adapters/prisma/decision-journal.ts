import { priorityOf } from '../../domain/decide.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import type { OpenCall, Reply } from '../../services/call-helpcrunch.ts'
import type { DecisionJournal } from '../../services/decide-events.ts'
import type { NewDecision } from '../../services/new-decision.ts'
import { claimStep } from './chat-claims.ts'
import { closingStep } from './closing-step.ts'
import { addApplyJob, addLookUpJob, applyJobKey } from './jobs.ts'
import { keepStep } from './looked-up-customer.ts'
import { IS_FREE, openingSteps, type SlotChoice } from './opening-steps.ts'
import type { Query } from './query.ts'
import { cleanText, holds, holdsForWrite, msToInterval, toJsonb } from './sql.ts'
import {
  isStarted,
  type NotStarted,
  readStarted,
  STARTED_COLUMNS,
  STARTED_JOINS,
  type StartedRow,
  startOldest,
} from './started-event.ts'

/** An event may cost a look at the customer, one at the chat, and the move; a decision two of them. So many are asked about at most. */
const CALLS = { perEvent: Prisma.raw('3'), perDecision: Prisma.raw('2') }

/**
 * Whether there are calls for everything that waits: then it does not matter which goes first. No more events are counted than
 * would use up the whole budget.
 */
const BUDGET_SUFFICES = Prisma.sql`EXISTS (SELECT FROM budget_slots WHERE ${IS_FREE} OFFSET
  ${CALLS.perEvent} * (SELECT count(*) FROM (
    SELECT FROM webhook_events WHERE status = 'waiting' AND chat_id IS NOT NULL
    LIMIT 1 + (SELECT max(slot) FROM budget_slots) / ${CALLS.perEvent}) AS events) +
  ${CALLS.perDecision} * (SELECT count(*) FROM chats WHERE pending_decision_id IS NOT NULL))`

/** For the move that follows at once: when the decision is the chat's last for now, and no job of its own has to wait its turn. */
const AT_ONCE: SlotChoice = {
  condition: Prisma.sql`${IS_FREE} AND EXISTS (SELECT FROM decided) AND NOT EXISTS (SELECT FROM queued)
    AND NOT EXISTS (SELECT FROM more) AND EXISTS (SELECT FROM helpcrunch_account WHERE paused_until IS NULL)`,
  wanted: 1,
  whenLocked: 'skip',
}
const NOTHING_OPENED = Prisma.sql`opened AS (SELECT NULL::bigint AS id, NULL::int AS number)`

interface RecordedRow {
  id: bigint
  is_queued: boolean
  has_more: boolean
  attempt_id: bigint | null
  number: number | null
}

/** Writes each step of deciding as one statement, fenced by the chat's claim. */
export function createDecisionJournal(query: Query, workerId: string): DecisionJournal {
  return {
    async claimNext(chatId) {
      const [row] = await query<(StartedRow | NotStarted) & { fence: bigint }>`
        WITH free AS (
          SELECT fence FROM chats WHERE id = ${chatId}::bigint AND claimed_by IS NULL
        ), claimed AS (${claimStep(chatId, workerId)}), undisturbed AS (
          -- This statement sees the database as it was when it began. Where it had to wait for another worker to let go, that is
          -- too old to start from; then nothing is started, and the next statement looks again.
          SELECT FROM claimed WHERE fence = 1 + coalesce((SELECT fence FROM free), 0)
        ), started AS (${startOldest(chatId, Prisma.sql`EXISTS (SELECT FROM undisturbed)`)})
        SELECT c.fence, ${STARTED_COLUMNS} FROM claimed c LEFT JOIN started e ON true ${STARTED_JOINS}`
      return row && { chatId, fence: row.fence, started: isStarted(row) ? readStarted(row) : undefined }
    },

    async startNext(claim) {
      const [row] = await query<StartedRow>`
        WITH started AS (${startOldest(claim.chatId, holdsForWrite(claim))})
        SELECT ${STARTED_COLUMNS} FROM started e JOIN chats c ON c.id = e.chat_id ${STARTED_JOINS}`
      return row && readStarted(row)
    },

    async record(claim, event, decision, { reply, move }) {
      const isPending = decision.outcome === 'pending'
      const job = addApplyJob(claim.chatId, priorityOf(decision.winner), 0)
      const queued = isPending
        ? Prisma.sql`SELECT j.id FROM decided, LATERAL ${job} AS j
            WHERE NOT ${BUDGET_SUFFICES} OR EXISTS (SELECT FROM graphile_worker._private_jobs WHERE key = ${applyJobKey(claim.chatId)})`
        : Prisma.sql`SELECT WHERE false`
      const opened = move ? openingSteps(AT_ONCE, event.seq, move) : NOTHING_OPENED
      const [row] = await query<RecordedRow>`
        WITH next AS (
          SELECT nextval('decisions_id_seq') AS id, c.pending_decision_id FROM chats c WHERE ${holds(claim)} FOR UPDATE
        ), finished AS (
          UPDATE webhook_events e SET status = 'done', finished_at = clock_timestamp() FROM next
          WHERE e.seq = ${event.seq} AND e.status = 'waiting' RETURNING e.*, next.id AS decision_id, next.pending_decision_id
        ), overtaken AS (
          -- A newer event takes over before the older one's call was made: one call brings the chat where it belongs now. The chat's
          -- row, which may have been waited for, says which that is; this statement may see the decision as it was before.
          UPDATE decisions d SET outcome = 'skipped', reason = 'already_routed' FROM finished
          WHERE ${isPending} AND d.id = finished.pending_decision_id
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
        ), queued AS (${queued}), more AS (
          SELECT FROM webhook_events WHERE chat_id = ${claim.chatId}::bigint AND status = 'waiting' AND seq <> ${event.seq}
        ), ${opened} ${reply ? repliedSteps(reply) : Prisma.empty}
        SELECT decided.id, EXISTS (SELECT FROM queued) AS is_queued, EXISTS (SELECT FROM more) AS has_more,
          opened.id AS attempt_id, opened.number FROM decided LEFT JOIN opened ON true`
      return row && { decisionId: row.id, isQueued: row.is_queued, hasMore: row.has_more, opened: readOpened(row) }
    },

    async finish(claim, event, status, problem) {
      await query`
        UPDATE webhook_events SET status = ${status}, problem = ${cleanText(problem)}, finished_at = clock_timestamp()
        WHERE seq = ${event.seq} AND status = 'waiting' AND ${holdsForWrite(claim)}`
    },

    async postpone(claim, event, { delayMs, countsAsTry }) {
      await query`
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

/** The event, which was ended by this statement, was not erased; its row is locked. */
function repliedSteps(reply: Reply): Prisma.Sql {
  const { followUp } = reply
  const kept =
    followUp?.kind === 'keep'
      ? Prisma.sql`, kept AS (${keepStep(followUp.customer, Prisma.sql`finished`)})`
      : Prisma.empty
  return Prisma.sql`, replied AS (${closingStep(reply, Prisma.sql`EXISTS (SELECT FROM finished)`, Prisma.sql`true`)}) ${kept}`
}

function readOpened({ attempt_id, number }: RecordedRow): OpenCall | undefined {
  if (attempt_id === null || number === null) return undefined
  return { attemptId: attempt_id, number, isProbe: false, setAside: undefined }
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
      ? Prisma.sql`, pending_decision_id = finished.decision_id, pending_priority = ${priorityOf(decision.winner)}::int, state_seen_at = ${seenAt}`
      : Prisma.empty
  return Prisma.sql`tries = 0, tried_since = NULL ${original} ${pending}`
}
