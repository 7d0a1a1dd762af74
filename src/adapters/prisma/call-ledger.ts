import { Prisma } from '../../generated/prisma/client.ts'
import type { AccountEffect, CallLedger, FollowUp } from '../../services/call-helpcrunch.ts'
import { closingStep } from './closing-step.ts'
import { keepStep } from './looked-up-customer.ts'
import { IS_FREE, openingSteps, WINDOW } from './opening-steps.ts'
import type { Query } from './query.ts'
import { settleSteps } from './settlement.ts'
import { holds, msToInterval } from './sql.ts'

/** How long the one probe after a pause has before another may try. */
const PROBE_MS = 15_000
/** Pauses without a Retry-After: 5 s, doubled with each in a row, a minute at most. */
const PAUSE = { baseMs: 5_000, capMs: 60_000 }

interface OpeningRow {
  attempt_id: bigint | null
  number: number | null
  held: boolean
  set_aside: number | null
  probe: boolean
  wait_ms: number
}

/**
 * One budget for the account, over all replicas: as many slots as calls a minute, each free again a minute after its use.
 * A move may take a free slot that no waiting move of a higher rule will need, a look-up one that no move will need at all.
 */
export function createCallLedger(query: Query): CallLedger {
  return {
    async open(purpose, request) {
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
        ? Prisma.sql`slot = ${purpose.setAside.slot}::int`
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
        )
        SELECT (SELECT id FROM opened) AS attempt_id, (SELECT number FROM opened) AS number, ${held} AS held,
          (SELECT max(slot) FROM taken HAVING count(*) = 2) AS set_aside, EXISTS (SELECT FROM probe) AS probe, ${WAIT_MS} AS wait_ms`
      if (row?.attempt_id != null && row.number !== null) {
        const setAside = row.set_aside === null ? undefined : { slot: row.set_aside }
        return { kind: 'opened', call: { attemptId: row.attempt_id, number: row.number, isProbe: row.probe, setAside } }
      }
      return row?.held === false ? { kind: 'claim_lost' } : { kind: 'no_budget', waitMs: row?.wait_ms ?? 0 }
    },

    async giveBack({ slot }) {
      await query`UPDATE budget_slots SET used_at = 'epoch' WHERE slot = ${slot}::int`
    },

    async close(reply) {
      const { call, ending, followUp } = reply
      const [row] = await query<{ is_settled: boolean }>`
        WITH event AS (
          -- With a lock, so that an erasure of the customer is over by now, or comes after this and finds the reply.
          SELECT e.status, e.erased_at FROM webhook_events e JOIN attempts a ON a.event_seq = e.seq
          WHERE a.id = ${call.attemptId} FOR SHARE OF e
        ), closed AS (
          ${closingStep(reply, Prisma.sql`true`, Prisma.sql`NOT EXISTS (SELECT FROM event WHERE erased_at IS NOT NULL)`)}
        ) ${accountStep(ending.effect, call.isProbe)} ${followUpSteps(followUp)}`
      return row?.is_settled ?? false
    },
  }
}

/** Else its customer may have been erased. */
const WAITS_STILL = Prisma.sql`event WHERE status = 'waiting'`

/** The end of the statement; `event` is the locked row of the event that the call serves. */
function followUpSteps(followUp: FollowUp | undefined): Prisma.Sql {
  switch (followUp?.kind) {
    case 'settle':
      return Prisma.sql`, ${settleSteps(followUp.settlement)} SELECT EXISTS (SELECT FROM chat) AS is_settled`
    case 'keep':
      return Prisma.sql`, kept AS (${keepStep(followUp.customer, WAITS_STILL)}) SELECT false AS is_settled`
    case undefined:
      return Prisma.sql`SELECT false AS is_settled`
  }
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

/** The free slots that waiting moves will need; those that have failed keep nobody from going first, as below. */
const WAITING_MOVES = Prisma.sql`(SELECT count(*) FROM chats WHERE pending_decision_id IS NOT NULL AND tries = 0)`

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
