import type { Service } from './service.ts'

/** The columns that a list can be filtered by; what is left out is usual. */
export interface DecisionRow {
  readonly outcome?: string
  readonly rule?: string | null
  readonly department?: number | null
  readonly chatId?: number
  readonly decidedAt?: string
}

/** Writes decisions and their events as rows, the first one the oldest: for lists of what would take days to happen. */
export async function insertDecisions({ sql }: Pick<Service, 'sql'>, rows: readonly DecisionRow[]): Promise<string[]> {
  const whole = rows.map((row) => ({
    outcome: 'applied',
    rule: 'german',
    department: 10,
    chatId: 501,
    decidedAt: '2026-03-02T10:00:00Z',
    ...row,
  }))
  const inserted = await sql<{ id: string }>(
    `WITH event AS (
      INSERT INTO webhook_events (id, type, chat_id, status, body, happened_at)
      SELECT gen_random_uuid()::text, 'chat.new', ("row" ->> 'chatId')::bigint, 'done', '{}', now()
      FROM jsonb_array_elements($1::jsonb) AS t ("row")
      RETURNING seq, row_number() OVER () AS n
    )
    INSERT INTO decisions (event_seq, event_type, chat_id, outcome, mode, rule_key, rule_version, to_department_id, facts,
      ruleset_version, happened_at, received_at, decided_at)
    SELECT event.seq, 'chat.new', ("row" ->> 'chatId')::bigint, "row" ->> 'outcome', 'live', "row" ->> 'rule',
      CASE WHEN "row" ->> 'rule' IS NULL THEN NULL ELSE 1 END, ("row" ->> 'department')::bigint, '{}', 1, now(), now(),
      ("row" ->> 'decidedAt')::timestamptz
    FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS t ("row", n) JOIN event USING (n) ORDER BY n
    RETURNING id`,
    [JSON.stringify(whole)],
  )
  return inserted.map(({ id }) => String(id))
}

/** Writes events as rows, the first one the oldest, and gives their ids. */
export async function insertEvents(
  { sql }: Pick<Service, 'sql'>,
  rows: readonly { readonly id: string; readonly type?: string; readonly status?: string; readonly chatId?: number }[],
): Promise<string[]> {
  for (const { id, type = 'chat.new', status = 'done', chatId = 501 } of rows) {
    await sql(
      "INSERT INTO webhook_events (id, type, chat_id, status, body, happened_at) VALUES ($1, $2, $3, $4, '{}', now())",
      [id, type, chatId, status],
    )
  }
  return rows.map(({ id }) => id)
}
