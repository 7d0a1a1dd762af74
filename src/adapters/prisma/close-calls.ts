import { readChat } from '../../domain/chat-snapshot.ts'
import { readWebhookText } from '../../domain/webhook-body.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import type { AccountEffect, Reply } from '../../services/call-ledger.ts'
import { BODY_CHARACTERS_MAX, closingStep, REPLY_COLUMNS, replyColumns } from './closing-step.ts'
import { keepSteps, LOOKED_UP_COLUMNS, lookedUpColumns } from './looked-up-customer.ts'
import type { Query } from './query.ts'
import { SETTLEMENT_COLUMNS, settlementColumns, settleSteps } from './settlement.ts'
import { inPlace } from './share-statement.ts'
import { msToInterval, tableOf } from './sql.ts'

/** Pauses without a Retry-After: 5 s, doubled with each in a row, a minute at most. */
const PAUSE = { baseMs: 5_000, capMs: 60_000 }

const REPLY_TABLE = `${REPLY_COLUMNS}, ${SETTLEMENT_COLUMNS}, ${LOOKED_UP_COLUMNS}, chat_customer bigint`

/** Records replies, with what follows from each, and does to the account what they say; gives whether each has settled its decision. */
export async function closeCalls(query: Query, replies: readonly Reply[]): Promise<boolean[]> {
  const table = replies.map((reply) => {
    const { followUp } = reply
    const settlement = followUp?.kind === 'settle' ? settlementColumns(followUp.settlement) : {}
    return {
      ...replyColumns(reply),
      ...settlement,
      ...lookedUpColumns(followUp),
      chat_customer: customerOfLongReply(reply),
    }
  })
  const isToKeep = replies.some(({ followUp }) => followUp?.kind === 'keep')
  const isToName = table.some(({ chat_customer }) => chat_customer !== undefined)
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
    ), ${settleSteps(Prisma.sql`t`)} ${isToKeep ? Prisma.sql`, ${keepSteps(Prisma.sql`waiting`)}` : Prisma.empty} ${isToName ? NAME_STEP : Prisma.empty} ${accountSteps(replies)}
    SELECT n FROM chat`
  return inPlace(replies.length, rows).map((row) => row !== undefined)
}

/** Whose chat it is that a reply shows which is too long to be kept as a whole: an erasure might not find that in what is kept. */
function customerOfLongReply({ ending: { result } }: Reply): number | undefined {
  if (result.kind !== 'response' || result.body.length <= BODY_CHARACTERS_MAX) return undefined
  const json = readWebhookText(result.body)
  return json.kind === 'json' ? readChat(json.value)?.customerId : undefined
}

/** Then the event says so, which has not done so itself. */
const NAME_STEP = Prisma.sql`, named AS (
      UPDATE webhook_events e SET customer_id = t.chat_customer FROM t JOIN attempts a ON a.id = t.attempt
      WHERE e.seq = a.event_seq AND e.customer_id IS NULL AND t.chat_customer IS NOT NULL
    )`

/** There is one account: a reply that says something of it is recorded by itself. */
function accountSteps([reply, ...more]: readonly Reply[]): Prisma.Sql {
  if (reply === undefined || more.length > 0 || reply.ending.effect.kind === 'none') return Prisma.empty
  return Prisma.sql`, account AS (UPDATE helpcrunch_account SET ${accountChange(reply.ending.effect, reply.call.isProbe)})`
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
