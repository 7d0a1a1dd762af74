import type { Service } from './service.ts'

/** The columns that a list can be filtered by; what is left out is usual. */
export interface DecisionRow {
  readonly outcome?: string
  readonly rule?: string | null
  readonly department?: number | null
  readonly chatId?: number
  readonly decidedAt?: string
}

/** Writes decisions and their events as rows, the first one the oldest, and gives their ids: lists are full of what takes days to happen. */
export async function insertDecisions({ sql }: Pick<Service, 'sql'>, rows: readonly DecisionRow[]): Promise<string[]> {
  const ids: string[] = []
  for (const row of rows) {
    const { outcome = 'applied', rule = 'german', department = 10, chatId = 501 } = row
    const [inserted] = await sql<{ id: string }>(
      `WITH event AS (
        INSERT INTO webhook_events (id, type, chat_id, status, body, happened_at)
        VALUES (gen_random_uuid()::text, 'chat.new', $1, 'done', '{}', now()) RETURNING seq, happened_at
      )
      INSERT INTO decisions (event_seq, event_type, chat_id, outcome, mode, rule_key, rule_version, to_department_id,
        facts, open_lookups, ruleset_version, happened_at, received_at, decided_at)
      SELECT seq, 'chat.new', $1, $2, 'live', $3, CASE WHEN $3::text IS NULL THEN NULL ELSE 1 END, $4,
        '{}', '{}', 1, happened_at, happened_at, coalesce($5::timestamptz, now())
      FROM event RETURNING id`,
      [chatId, outcome, rule, department, row.decidedAt ?? null],
    )
    if (inserted) ids.push(String(inserted.id))
  }
  return ids
}

/** The columns that the list of events can be filtered by. */
export interface EventRow {
  readonly id: string
  readonly type?: string
  readonly status?: string
  readonly chatId?: number | null
}

/** Writes events as rows, the first one the oldest, and gives their ids. */
export async function insertEvents({ sql }: Pick<Service, 'sql'>, rows: readonly EventRow[]): Promise<string[]> {
  for (const { id, type = 'chat.new', status = 'done', chatId = 501 } of rows) {
    await sql(
      "INSERT INTO webhook_events (id, type, chat_id, status, body, happened_at) VALUES ($1, $2, $3, $4, '{}', now())",
      [id, type, chatId, status],
    )
  }
  return rows.map(({ id }) => id)
}
