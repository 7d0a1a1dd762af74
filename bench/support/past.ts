import { query } from '../../test/support/postgres.ts'

const BATCH = 100_000
/** So much of the past the rows are spread over. */
export const PAST_DAYS = 90

/** Writes this many decided events, evenly over the past, in the order in which they would have come; few are failed. */
export async function insertPast(databaseUrl: string, decisions: number): Promise<void> {
  for (let first = 0; first < decisions; first += BATCH) {
    await query(databaseUrl, INSERT, [first, Math.min(first + BATCH, decisions) - 1, decisions, PAST_DAYS])
  }
  await query(databaseUrl, 'VACUUM (ANALYZE) decisions, webhook_events')
}

const INSERT = `
  WITH event AS (
    INSERT INTO webhook_events (id, type, chat_id, customer_id, status, body, happened_at, received_at, finished_at)
    SELECT 'past-' || n, CASE n % 50 WHEN 0 THEN 'chat.closed' ELSE 'chat.new' END, n / 2, n / 5, 'done',
      convert_to(json_build_object('event', 'chat.new', 'id', 'past-' || n, 'eventData', repeat('x', 300))::text, 'utf8'),
      at, at, at
    FROM (SELECT n, now() - make_interval(secs => ($3 - n) * $4 * 86400.0 / $3) AS at
      FROM generate_series($1::bigint, $2::bigint) AS n) AS past
    ORDER BY n RETURNING *
  )
  INSERT INTO decisions (event_seq, event_type, chat_id, customer_id, outcome, mode, rule_key, rule_version,
    to_department_id, facts, open_lookups, ruleset_version, happened_at, received_at, decided_at)
  SELECT seq, type, chat_id, customer_id,
    CASE WHEN seq % 5000 = 0 THEN 'failed' WHEN seq % 10 = 0 THEN 'no_match' WHEN seq % 7 = 0 THEN 'unchanged' ELSE 'applied' END,
    'live', CASE WHEN seq % 10 > 0 THEN 'rule-' || lpad((seq * seq % 100)::text, 5, '0') END, 1, 10 + seq % 20,
    jsonb_build_object('event', type, 'language', 'de', 'plan', 'plan-' || seq % 8, 'country', 'AT',
      'tags', jsonb_build_array('newsletter', 'tag-' || seq % 50), 'message', repeat('hello ', 20)),
    '{}', 1, happened_at, received_at, received_at
  FROM event ORDER BY seq`
