import { Prisma } from '../../generated/prisma/client.ts'
import type {
  AccountEffect,
  ApiRequest,
  CallLedger,
  OpenCall,
  Reply,
  SetAside,
} from '../../services/call-helpcrunch.ts'
import type { ChatClaim } from '../../services/chat-claim.ts'
import { closingStep, REPLY_COLUMNS, replyColumns } from './closing-step.ts'
import { applyJobKeyOf } from './jobs.ts'
import { keepSteps, LOOKED_UP_COLUMNS, lookedUpColumns } from './looked-up-customer.ts'
import { IS_FREE, openingSteps, openingTogether, WINDOW } from './opening-steps.ts'
import type { Query } from './query.ts'
import { SETTLEMENT_COLUMNS, settlementColumns, settleSteps } from './settlement.ts'
import { inPlace, shareStatement } from './share-statement.ts'
import { holds, msToInterval, tableOf } from './sql.ts'

/** How long the one probe after a pause has before another may try. */
const PROBE_MS = 15_000
/** Pauses without a Retry-After: 5 s, doubled with each in a row, a minute at most. */
const PAUSE = { baseMs: 5_000, capMs: 60_000 }

interface OpeningRow {
  attempt_id: bigint | null
  number: number | null
  held: boolean
  set_aside: number | null
  taken_at: Date | null
  probe: boolean
  wait_ms: number
}

/**
 * One budget for the account, over all replicas: as many slots as calls a minute, each free again a minute after its use.
 * A move may take a free slot that no waiting move of a higher rule will need, a look-up one that no move will need at all.
 */
export function createCallLedger(query: Query): CallLedger {
  const openLookUp = shareStatement((lookUps: readonly LookUp[]) => openLookUps(query, lookUps))
  const close = shareStatement((replies: readonly Reply[]) => closeCalls(query, replies, Prisma.empty))
  return {
    async open(purpose, request) {
      if (purpose.kind === 'look_up' && purpose.chat) {
        const call = await openLookUp({ ...purpose.chat, request })
        if (call) return { kind: 'opened', call }
      }
      const held = purpose.chat
        ? Prisma.sql`EXISTS (SELECT FROM chats c WHERE ${holds(purpose.chat.claim)})`
        : Prisma.sql`true`
      const eventSeq = purpose.chat?.eventSeq ?? null
      // A look before a move asks for two: its own, and the one it sets aside for the move.
      const wanted = purpose.kind === 'look_before_move' ? 2 : 1
      const kept = purpose.rulePriority === undefined ? WAITING_MOVES : higherMoves(purpose.rulePriority)
      const spare = Prisma.sql`${kept} + ${Prisma.raw(String(wanted - 1))}`
      const isTime = purpose.others === undefined ? Prisma.empty : Prisma.sql`AND ${isTimeToShare(purpose.others)}`
      const isFree = purpose.setAside
        ? isStillOurs(purpose.setAside)
        : Prisma.sql`${IS_FREE} AND EXISTS (SELECT FROM budget_slots WHERE ${IS_FREE} OFFSET ${spare}) ${isTime}`
      // A look that began before the slot was set aside may lock it for a moment, and then leaves it.
      const whenLocked = purpose.setAside ? 'wait' : 'skip'
      const condition = Prisma.sql`${isFree} AND (SELECT is_open FROM account) AND ${held}`
      const [row] = await query<OpeningRow>`
        WITH over AS (
          SELECT id FROM helpcrunch_account WHERE paused_until <= clock_timestamp() AND ${held} FOR UPDATE
        ), account AS (
          SELECT (paused_until IS NULL OR EXISTS (SELECT FROM over)) AS is_open, paused_until FROM helpcrunch_account
        ), ${openingSteps({ condition, wanted, whenLocked }, eventSeq, request)}, probe AS (
          -- Only a call that is made can tell whether the pause is over.
          UPDATE helpcrunch_account SET paused_until = clock_timestamp() + ${msToInterval(PROBE_MS)}
          WHERE id IN (SELECT id FROM over) AND EXISTS (SELECT FROM opened) RETURNING id
        ), aside AS (SELECT slot, used_at FROM taken ORDER BY slot OFFSET 1)
        SELECT (SELECT id FROM opened) AS attempt_id, (SELECT number FROM opened) AS number, ${held} AS held,
          aside.slot AS set_aside, aside.used_at AS taken_at, EXISTS (SELECT FROM probe) AS probe, ${WAIT_MS} AS wait_ms
        FROM (VALUES (1)) AS one LEFT JOIN aside ON true`
      if (row?.attempt_id != null && row.number !== null) {
        const setAside =
          row.set_aside === null || row.taken_at === null ? undefined : { slot: row.set_aside, takenAt: row.taken_at }
        return { kind: 'opened', call: { attemptId: row.attempt_id, number: row.number, isProbe: row.probe, setAside } }
      }
      return row?.held === false ? { kind: 'claim_lost' } : { kind: 'no_budget', waitMs: row?.wait_ms ?? 0 }
    },

    async giveBack(setAside) {
      await query`UPDATE budget_slots SET used_at = 'epoch' WHERE ${isStillOurs(setAside)}`
    },

    async close(reply) {
      const { call, ending } = reply
      if (ending.effect.kind === 'none') return close(reply)
      const [isSettled = false] = await closeCalls(query, [reply], accountStep(ending.effect, call.isProbe))
      return isSettled
    },
  }
}

function isStillOurs({ slot, takenAt }: SetAside): Prisma.Sql {
  return Prisma.sql`slot = ${slot}::int AND used_at = ${takenAt}::timestamptz`
}

interface LookUp {
  readonly claim: ChatClaim
  readonly eventSeq: bigint
  readonly request: ApiRequest
}

/** Opens look-ups while there are more free calls than waiting moves. Whoever gets none here asks alone, and is told why. */
async function openLookUps(query: Query, lookUps: readonly LookUp[]): Promise<(OpenCall | undefined)[]> {
  const table = lookUps.map(({ claim, eventSeq, request: { method, path } }) => {
    return { chat: claim.chatId, fence: claim.fence, event: eventSeq, method, path }
  })
  const rows = await query<{ n: number; id: bigint; number: number }>`
    WITH t AS (${tableOf('chat bigint, fence bigint, event bigint, method text, path text', table)}), ready AS (
      SELECT t.*, 0 AS priority FROM t JOIN chats c ON c.id = t.chat AND c.fence = t.fence
    ), wanted AS (SELECT count(*) AS calls FROM ready), kept AS (SELECT ${WAITING_MOVES} AS calls), spare AS (
      SELECT greatest(0, (SELECT count(*) FROM (
        SELECT FROM budget_slots WHERE ${IS_FREE} LIMIT (SELECT calls FROM wanted) + (SELECT calls FROM kept)
      ) AS free) - (SELECT calls FROM kept)) AS calls
    ), ${openingTogether(Prisma.sql`(SELECT calls FROM spare)`)}
    SELECT t.n, opened.id, opened.number FROM opened JOIN t ON t.event = opened.event_seq`
  return inPlace(lookUps.length, rows).map(
    (row) => row && { attemptId: row.id, number: row.number, isProbe: false, setAside: undefined },
  )
}

const REPLY_TABLE = `${REPLY_COLUMNS}, ${SETTLEMENT_COLUMNS}, ${LOOKED_UP_COLUMNS}`

/** Records replies, with what follows from each; gives whether each has settled its decision. */
async function closeCalls(query: Query, replies: readonly Reply[], account: Prisma.Sql): Promise<boolean[]> {
  const table = replies.map((reply) => {
    const { followUp } = reply
    const settlement = followUp?.kind === 'settle' ? settlementColumns(followUp.settlement) : {}
    return { ...replyColumns(reply), ...settlement, ...lookedUpColumns(followUp) }
  })
  const isToKeep = replies.some(({ followUp }) => followUp?.kind === 'keep')
  const rows = await query<{ n: number }>`
    WITH t AS (${tableOf(REPLY_TABLE, table)}), event AS (
      -- With a lock, so that an erasure of the customer is over by now, or comes after this and finds the reply.
      SELECT a.n, e.status, e.erased_at FROM (
        SELECT t.n, a.event_seq FROM t JOIN attempts a ON a.id = t.attempt ORDER BY a.event_seq
      ) AS a JOIN webhook_events e ON e.seq = a.event_seq FOR SHARE OF e
    ), waiting AS (
      -- Of the others the customer may have been erased.
      SELECT t.* FROM t JOIN event ON event.n = t.n WHERE event.status = 'waiting'
    ), closed AS (
      ${closingStep(Prisma.sql`t`, Prisma.sql`NOT EXISTS (SELECT FROM event WHERE event.n = t.n AND erased_at IS NOT NULL)`)}
    ), ${settleSteps(Prisma.sql`t`)} ${isToKeep ? Prisma.sql`, ${keepSteps(Prisma.sql`waiting`)}` : Prisma.empty} ${account}
    SELECT n FROM chat`
  return inPlace(replies.length, rows).map((row) => row !== undefined)
}

/** A shared look is worth more when some of the moves that it is for can follow at once; it waits for their slots this long. */
const SHARED = { moves: 10, wait: Prisma.sql`interval '5 s'` }

/** Whether a shared look is to be made now: enough slots are free, or will not be so soon. */
function isTimeToShare(others: number): Prisma.Sql {
  const moves = Math.min(others, SHARED.moves)
  const isEnough = (isFree: Prisma.Sql) =>
    Prisma.sql`EXISTS (SELECT FROM budget_slots WHERE ${isFree} OFFSET 1 + ${moves}::int)`
  return Prisma.sql`(${isEnough(IS_FREE)} OR NOT ${isEnough(Prisma.sql`used_at <= statement_timestamp() - ${WINDOW} + ${SHARED.wait}`)})`
}

/**
 * The free slots that waiting moves will need. One that has failed needs two, for a look and the move, once its next try is due; until
 * then it keeps nobody from going first, as below. Of these, and there are none as a rule, each job is found by its key.
 */
const WAITING_MOVES = Prisma.sql`(SELECT coalesce(sum(CASE WHEN tries = 0 THEN 1 ELSE (
    SELECT 2 FROM graphile_worker._private_jobs j WHERE j.key = ${applyJobKeyOf(Prisma.sql`chats.id`)} AND j.run_at <= now()
  ) END), 0) FROM chats WHERE pending_decision_id IS NOT NULL)`

/**
 * Those that moves of higher rules will need. One that has failed waits for its next try, and keeps nobody from going first: in an
 * outage the lower rules would starve.
 */
function higherMoves(priority: number): Prisma.Sql {
  return Prisma.sql`(SELECT count(*) FROM chats
    WHERE pending_decision_id IS NOT NULL AND pending_priority > ${priority}::int AND tries = 0)`
}

/** Until the pause ends, or the next slot is free. */
const WAIT_MS = Prisma.sql`greatest(0, extract(epoch FROM greatest(
  (SELECT paused_until FROM account), (SELECT min(used_at) FROM budget_slots) + ${WINDOW}
) - clock_timestamp()) * 1000)::float8`

function accountStep(effect: AccountEffect, isProbe: boolean): Prisma.Sql {
  if (effect.kind === 'none') return Prisma.empty
  return Prisma.sql`, account AS (UPDATE helpcrunch_account SET ${accountChange(effect, isProbe)})`
}

function accountChange(effect: Exclude<AccountEffect, { kind: 'none' }>, isProbe: boolean): Prisma.Sql {
  switch (effect.kind) {
    case 'resume':
      return Prisma.sql`paused_until = NULL, pause_reason = NULL, strikes = 0`
    case 'pause': {
      const backOff = Prisma.sql`make_interval(secs => least(${PAUSE.capMs}, ${PAUSE.baseMs} * 2 ^ least(strikes, 10)) / 1000)`
      const pause = effect.forMs === undefined ? backOff : msToInterval(effect.forMs)
      // Calls that were under way together are one strike.
      return Prisma.sql`paused_until = CASE WHEN ${isProbe} THEN clock_timestamp() + ${pause}
          ELSE greatest(paused_until, clock_timestamp() + ${pause}) END,
        pause_reason = ${effect.reason}, strikes = strikes + CASE WHEN ${isProbe} OR paused_until IS NULL THEN 1 ELSE 0 END`
    }
  }
}
