import { priorityOf } from '../../domain/decide.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import type { OpenCall, Reply } from '../../services/call-ledger.ts'
import type { ChatClaim } from '../../services/chat-claim.ts'
import type { NewDecision, RecordedDecision } from '../../services/new-decision.ts'
import type { ReadyMove } from '../../services/ready-move.ts'
import type { WaitingEvent } from '../../services/waiting-event.ts'
import { CLAIM_END } from './chat-claims.ts'
import { closingStep, REPLY_COLUMNS, replyColumns } from './closing-step.ts'
import { addApplyJob, applyJobKey } from './jobs.ts'
import { keepSteps, LOOKED_UP_COLUMNS, lookedUpColumns } from './looked-up-customer.ts'
import { IS_FREE, openingTogether } from './opening-steps.ts'
import type { Query } from './query.ts'
import { inPlace } from './share-statement.ts'
import { tableOf } from './sql.ts'

/** A decision, with the claim that it is recorded under and what is recorded along with it. */
export interface ToRecord {
  readonly claim: ChatClaim
  readonly event: WaitingEvent
  readonly decision: NewDecision
  readonly along: { readonly reply: Reply | undefined; readonly move: ReadyMove | undefined }
  /** When it was drawn, on this process's monotonic clock. */
  readonly atMs: number
}

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

interface RecordedRow {
  n: number
  id: bigint
  is_queued: boolean
  has_more: boolean
  attempt_id: bigint | null
  number: number | null
}

const COLUMNS = `chat bigint, fence bigint, event bigint, outcome text, reason text, mode text, rule_key text, rule_version int,
  priority int, knows_from boolean, department_from bigint, department_to bigint, facts jsonb, open_lookups text[], ruleset_version int,
  state_age_s float8, method text, path text, fresh_for_s float8, ${REPLY_COLUMNS}, ${LOOKED_UP_COLUMNS}`

function columnsOf({ claim, event, decision, along: { reply, move }, atMs }: ToRecord): object {
  const { outcome, reason, mode, winner, departmentFrom, departmentTo, facts, openLookups, stateAgeMs } = decision
  const waitedMs = performance.now() - atMs // for the statement before this
  return {
    ...{ chat: claim.chatId, fence: String(claim.fence), event: String(event.seq), outcome, reason, mode },
    ...{ rule_key: winner?.rule.document.key, rule_version: winner?.rule.version, priority: priorityOf(winner) },
    ...{ knows_from: departmentFrom !== undefined, department_from: departmentFrom, department_to: departmentTo },
    ...{ facts, open_lookups: [...openLookups], ruleset_version: decision.rulesetVersion },
    ...(stateAgeMs !== undefined && { state_age_s: (stateAgeMs + waitedMs) / 1_000 }),
    ...(move && { method: move.method, path: move.path, fresh_for_s: (move.freshForMs - waitedMs) / 1_000 }),
    ...(reply && { ...replyColumns(reply), ...lookedUpColumns(reply.followUp) }),
  }
}

/** The statement behind `DecisionJournal.record`, for several decisions of different chats. */
export async function recordDecisions(
  query: Query,
  decisions: readonly ToRecord[],
): Promise<(RecordedDecision | undefined)[]> {
  const rows = await query<RecordedRow>`
    WITH t AS (${tableOf(COLUMNS, decisions.map(columnsOf))}), next AS (
      -- The chat's row, which may have been waited for, says which of its decisions is pending; in the order in which chats are claimed.
      SELECT t.*, nextval('decisions_id_seq') AS id, c.pending_decision_id, 'waiting' AS before,
        -- Once we have moved the chat, where it is tells nothing of where it was before.
        t.knows_from AND c.routed_department_id IS NULL AS knows_original
      FROM (SELECT * FROM t ORDER BY chat) AS t JOIN chats c ON c.id = t.chat AND c.fence = t.fence FOR UPDATE OF c
    ), finished AS (
      UPDATE webhook_events e SET status = 'done', finished_at = clock_timestamp()
      FROM (SELECT * FROM next ORDER BY event) AS next -- as an erasure locks them, in order
      WHERE e.seq = next.event AND e.status = next.before -- a joined value, no constant: the planner would take the index of those that wait, and misjudges how many do
      RETURNING next.*, e.type, e.customer_id, e.happened_at, e.received_at
    ), overtaken AS (
      -- A newer event takes over before the older one's call was made: one call brings the chat where it belongs now, or none when it
      -- is there.
      UPDATE decisions d SET outcome = 'skipped', reason = 'already_routed'
      FROM (SELECT * FROM finished ORDER BY pending_decision_id) AS f -- as an erasure locks them, in order
      WHERE d.id = f.pending_decision_id AND (${IS_PENDING} OR f.outcome = 'unchanged' AND d.to_department_id <> f.department_to)
      RETURNING f.n
    ), recorded AS (
      -- What the decisions change in our own records of the chats.
      UPDATE chats c SET tries = 0, tried_since = NULL, claimed_until = ${CLAIM_END},
        original_known = c.original_known OR f.knows_original,
        original_department_id = CASE WHEN f.knows_original AND NOT c.original_known THEN f.department_from ELSE c.original_department_id END,
        pending_decision_id = CASE WHEN ${IS_PENDING} THEN f.id WHEN f.n IN (SELECT n FROM overtaken) THEN NULL ELSE c.pending_decision_id END,
        pending_priority = CASE WHEN ${IS_PENDING} THEN f.priority ELSE c.pending_priority END,
        state_seen_at = CASE WHEN ${IS_PENDING} THEN clock_timestamp() - make_interval(secs => f.state_age_s) ELSE c.state_seen_at END
      FROM finished f WHERE c.id = f.chat AND c.fence = f.fence
    ), decided AS (
      INSERT INTO decisions (id, event_seq, event_type, chat_id, customer_id, outcome, reason, mode, rule_key, rule_version,
        from_department_id, to_department_id, facts, open_lookups, ruleset_version, happened_at, received_at, decided_at)
      SELECT id, event, type, chat, customer_id, outcome, reason, mode, rule_key, rule_version, department_from, department_to,
        facts, open_lookups, ruleset_version, happened_at, received_at, clock_timestamp()
      FROM finished
    ), queued AS (
      SELECT f.n, j.id FROM finished f, LATERAL ${addApplyJob(Prisma.sql`f.chat`, Prisma.sql`f.priority`, 0)} AS j
      WHERE ${IS_PENDING}
        AND (NOT ${BUDGET_SUFFICES} OR EXISTS (SELECT FROM graphile_worker._private_jobs WHERE key = ${applyJobKey(Prisma.sql`f.chat`)}))
    ), more AS (
      -- OFFSET: looked for chat by chat, however few seem to wait.
      SELECT f.n FROM finished f
      WHERE EXISTS (SELECT FROM webhook_events WHERE chat_id = f.chat AND status = 'waiting' AND seq <> f.event OFFSET 0)
    ), ready AS (
      -- The moves that follow at once: of decisions that are their chats' last for now, when no job of their own has to wait its
      -- turn, and nothing has been waited for until the chat's state was an old one.
      SELECT f.event, f.method, f.path, f.priority FROM finished f
      WHERE f.path IS NOT NULL AND f.n NOT IN (SELECT n FROM queued) AND f.n NOT IN (SELECT n FROM more)
        AND clock_timestamp() < statement_timestamp() + make_interval(secs => f.fresh_for_s)
    ), ${openingTogether(Prisma.sql`(SELECT count(*) FROM ready)`)} ${decisions.some(({ along }) => along.reply) ? REPLIED : Prisma.empty}
    SELECT f.n, f.id, EXISTS (SELECT FROM queued WHERE n = f.n) AS is_queued, EXISTS (SELECT FROM more WHERE n = f.n) AS has_more,
      opened.id AS attempt_id, opened.number FROM finished f LEFT JOIN opened ON opened.event_seq = f.event`
  return inPlace(decisions.length, rows).map(
    (row) => row && { decisionId: row.id, isQueued: row.is_queued, hasMore: row.has_more, opened: readOpened(row) },
  )
}

/** Nobody has erased these events, which are locked. */
const REPLIED = Prisma.sql`, replied AS (${closingStep(Prisma.sql`finished`, Prisma.sql`true`)}), ${keepSteps(Prisma.sql`finished`)}`

const IS_PENDING = Prisma.sql`f.outcome = 'pending'`

function readOpened({ attempt_id, number }: RecordedRow): OpenCall | undefined {
  if (attempt_id === null || number === null) return undefined
  return { attemptId: attempt_id, number, isProbe: false, setAside: undefined }
}
