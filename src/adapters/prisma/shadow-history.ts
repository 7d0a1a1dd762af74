import { readChatEvent } from '../../domain/chat-snapshot.ts'
import type { Facts, Lookup } from '../../domain/facts.ts'
import { readStoredEvent } from '../../domain/read-stored-event.ts'
import type { PrismaClient } from '../../generated/prisma/client.ts'
import type { StatsReader } from '../../services/read-stats.ts'
import { toNumber } from './routing-record.ts'
import { BODY_TEXT } from './sql.ts'
import { placeOf } from './started-event.ts'

interface ComparedRow {
  id: bigint
  chat_id: bigint
  event_type: string
  happened_at: Date
  facts: Facts // this and the look-ups are only ever written from those types
  open_lookups: Lookup[]
  rule_key: string | null
  rule_priority: number | null
  to_department_id: bigint | null
  was_shadow: boolean
  was_left_open: boolean
  later_body: string | null
}

/** Decisions with what came of them: the winner's priority at the time, and the chat's newest own event since, by HelpCrunch's clock. */
export function createShadowHistory(prisma: PrismaClient): StatsReader['newest'] {
  return async ({ from, to }, limit) => {
    const rows = await prisma.$queryRaw<ComparedRow[]>`
      SELECT d.id, d.chat_id, d.event_type, d.happened_at, d.facts, d.open_lookups, d.rule_key, d.to_department_id,
        (v.document ->> 'priority')::int AS rule_priority, d.outcome = 'shadow' AS was_shadow, later.body AS later_body,
        d.outcome = 'skipped' AND d.to_department_id IS NULL AS was_left_open
      FROM (
        SELECT * FROM decisions WHERE decided_at >= ${from} AND decided_at < ${to} AND reason IS DISTINCT FROM 'lookup_failed'
          AND erased_at IS NULL
        ORDER BY decided_at DESC LIMIT ${limit}
      ) AS d
      LEFT JOIN rule_versions v ON v.key = d.rule_key AND v.version = d.rule_version
      LEFT JOIN LATERAL (
        SELECT ${BODY_TEXT} FROM webhook_events e
        WHERE d.outcome = 'shadow' AND e.chat_id = d.chat_id AND e.type LIKE 'chat.%' AND e.erased_at IS NULL
          AND ${placeOf('e.happened_at', 'e.type')} > ${placeOf('d.happened_at', 'd.event_type')}
        ORDER BY ${placeOf('e.happened_at', 'e.type')} DESC, e.seq DESC LIMIT 1
      ) AS later ON true`
    return rows.map((row) => ({
      id: String(row.id),
      chatId: toNumber(row.chat_id),
      routingCase: { eventType: row.event_type, at: row.happened_at, facts: row.facts },
      openLookups: new Set(row.open_lookups),
      chosen: { rule: row.rule_key, department: toNumber(row.to_department_id) },
      winner: row.rule_key === null ? null : { key: row.rule_key, priority: row.rule_priority ?? 0 },
      wasShadow: row.was_shadow,
      wasLeftOpen: row.was_left_open,
      departmentLater:
        row.later_body === null ? undefined : readChatEvent(readStoredEvent(row.later_body)).departmentId,
    }))
  }
}
