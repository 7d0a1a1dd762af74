import type { Facts, Lookup } from '../../src/domain/facts.ts'
import type { Service } from './service.ts'

/** A decision on a new chat, as it can be made again: what was known, what was not looked up, and what was chosen. */
export interface PastRow {
  readonly facts: Facts
  readonly openLookups?: readonly Lookup[]
  readonly rule?: string | null
  readonly department?: number | null
  /** Its chat could not be moved. */
  readonly isSkipped?: boolean
}

/**
 * Writes decisions and their events as rows, in place of all that there are: the first one the oldest, each of a chat and a
 * customer of its own (1, 2, ...).
 */
export async function givePastDecisions({ sql }: Pick<Service, 'sql'>, rows: readonly PastRow[]): Promise<void> {
  const told = rows.map(({ facts, openLookups = [], rule = null, department = null, isSkipped = false }, index) => {
    const outcome = isSkipped ? 'skipped' : department === null ? 'no_match' : 'applied'
    return { place: index + 1, facts, open: openLookups, rule, department, outcome }
  })
  await sql('TRUNCATE decisions, webhook_events CASCADE')
  await sql(
    `WITH told AS (
      SELECT * FROM jsonb_to_recordset($1::jsonb) AS t (place bigint, facts jsonb, open text[], rule text, department bigint, outcome text)
    ), event AS (
      INSERT INTO webhook_events (id, type, chat_id, customer_id, status, body, happened_at)
      SELECT 'past-' || place, 'chat.new', place, place, 'done', '{}', now() FROM told ORDER BY place RETURNING *
    )
    INSERT INTO decisions (event_seq, event_type, chat_id, customer_id, outcome, mode, rule_key, rule_version,
      to_department_id, facts, open_lookups, ruleset_version, happened_at, received_at)
    SELECT seq, type, place, place, outcome, 'live', rule,
      CASE WHEN rule IS NOT NULL THEN 1 END, department, facts, open, 1, happened_at, happened_at
    FROM event JOIN told ON place = chat_id ORDER BY place`,
    [JSON.stringify(told)],
  )
}
