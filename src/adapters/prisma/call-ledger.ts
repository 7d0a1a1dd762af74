import { Prisma } from '../../generated/prisma/client.ts'
import type { ApiRequest, CallLedger, CallOpening, CallPurpose, Reply, SetAside } from '../../services/call-ledger.ts'
import { closeCalls } from './close-calls.ts'
import { higherMoves, WAITING_MOVES } from './kept-slots.ts'
import { type LookUp, openLookUps } from './open-look-ups.ts'
import { IS_FREE, openingSteps, WINDOW } from './opening-steps.ts'
import type { Query } from './query.ts'
import type { ShareStatement } from './share-statement.ts'
import { holds, msToInterval } from './sql.ts'

/** How long the one probe after a pause has before another may try. */
const PROBE_MS = 15_000

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
export function createCallLedger(query: Query, share: ShareStatement): CallLedger {
  const openLookUp = share((lookUps: readonly LookUp[]) => openLookUps(query, lookUps))
  const close = share((replies: readonly Reply[]) => closeCalls(query, replies))
  return {
    async open(purpose, request) {
      if (purpose.kind === 'look_up' && purpose.chat) {
        const call = await openLookUp({ ...purpose.chat, request })
        if (call) return { kind: 'opened', call }
      }
      const [row] = await query<OpeningRow>`${opening(purpose, request)}`
      if (row === undefined) throw new Error('The statement that opens a call gave no row.')
      return readOpening(row)
    },

    async giveBack(setAside) {
      await query`UPDATE budget_slots SET used_at = 'epoch' WHERE ${isStillOurs(setAside)}`
    },

    async close(reply) {
      if (reply.ending.effect.kind === 'none') return close(reply)
      const [isSettled = false] = await closeCalls(query, [reply])
      return isSettled
    },
  }
}

function opening(purpose: CallPurpose, request: ApiRequest): Prisma.Sql {
  const { chat, setAside } = purpose
  const held = chat ? Prisma.sql`EXISTS (SELECT FROM chats c WHERE ${holds(chat.claim)})` : Prisma.sql`true`
  // A look before a move asks for two: its own, and the one it sets aside for the move.
  const wanted = purpose.kind === 'look_before_move' ? 2 : 1
  const isFree = setAside ? isStillOurs(setAside) : isToSpare(purpose, wanted)
  // A look that began before the slot was set aside may lock it for a moment, and then leaves it.
  const whenLocked = setAside ? 'wait' : 'skip'
  const condition = Prisma.sql`${isFree} AND (SELECT is_open FROM account) AND ${held}`
  return Prisma.sql`
    WITH over AS (
      SELECT id FROM helpcrunch_account WHERE paused_until <= clock_timestamp() AND ${held} FOR UPDATE
    ), account AS (
      SELECT (paused_until IS NULL OR EXISTS (SELECT FROM over)) AS is_open, paused_until FROM helpcrunch_account
    ), ${openingSteps({ condition, wanted, whenLocked }, chat?.eventSeq ?? null, request)}, probe AS (
      -- Only a call that is made can tell whether the pause is over.
      UPDATE helpcrunch_account SET paused_until = clock_timestamp() + ${msToInterval(PROBE_MS)}
      WHERE id IN (SELECT id FROM over) AND EXISTS (SELECT FROM opened) RETURNING id
    ), aside AS (SELECT slot, used_at FROM taken ORDER BY slot OFFSET 1)
    SELECT (SELECT id FROM opened) AS attempt_id, (SELECT number FROM opened) AS number, ${held} AS held,
      aside.slot AS set_aside, aside.used_at AS taken_at, EXISTS (SELECT FROM probe) AS probe, ${WAIT_MS} AS wait_ms
    FROM (VALUES (1)) AS one LEFT JOIN aside ON true`
}

function readOpening(row: OpeningRow): CallOpening {
  const { attempt_id: attemptId, number, set_aside: slot, taken_at: takenAt, probe: isProbe } = row
  if (attemptId !== null && number !== null) {
    const setAside = slot === null || takenAt === null ? undefined : { slot, takenAt }
    return { kind: 'opened', call: { attemptId, number, isProbe, setAside } }
  }
  return row.held ? { kind: 'no_budget', waitMs: row.wait_ms } : { kind: 'claim_lost' }
}

/** Free slots that no move waits for which goes first, and as many as are wanted. */
function isToSpare({ rulePriority, others }: CallPurpose, wanted: number): Prisma.Sql {
  const kept = rulePriority === undefined ? WAITING_MOVES : higherMoves(rulePriority)
  const spare = Prisma.sql`${kept} + ${Prisma.raw(String(wanted - 1))}`
  const isTime = others === undefined ? Prisma.empty : Prisma.sql`AND ${isTimeToShare(others)}`
  return Prisma.sql`${IS_FREE} AND EXISTS (SELECT FROM budget_slots WHERE ${IS_FREE} OFFSET ${spare}) ${isTime}`
}

function isStillOurs({ slot, takenAt }: SetAside): Prisma.Sql {
  return Prisma.sql`slot = ${slot}::int AND used_at = ${takenAt}::timestamptz`
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

/** Until the pause ends, or the next slot is free. */
const WAIT_MS = Prisma.sql`greatest(0, extract(epoch FROM greatest(
  (SELECT paused_until FROM account), (SELECT min(used_at) FROM budget_slots) + ${WINDOW}
) - clock_timestamp()) * 1000)::float8`
