import type { PrismaClient } from '../../generated/prisma/client.ts'
import type { RuleBook } from '../../services/rule-book.ts'
import { BORN_AT, type NoRule, rulesOf, type StoredRuleRow } from './rule-rows.ts'

/** The channel on which a new rule-set version is announced; its payload is the number. */
export const RULESET_CHANGED = 'ruleset_changed'

/**
 * Writes rules. The head's row is raised from `base`: whoever comes too late finds another number there and changes nothing.
 * When it succeeds, no commit has come between the reading of `base` and this statement, so that all it sees of the rules
 * is the set of `base`. Nothing is locked while a replica thinks, and one that is frozen in the middle blocks nobody.
 */
export function createRuleBook(prisma: PrismaClient): RuleBook {
  return {
    async apply(base, changes, by) {
      const keys = changes.map(({ key }) => key)
      const actions = changes.map(({ action }) => action)
      const documents = changes.map(({ document }) => (document === null ? null : JSON.stringify(document)))
      const rows = await prisma.$queryRaw<AppliedRow[]>`
        WITH head AS (
          UPDATE ruleset_head SET version = version + 1, changed_at = clock_timestamp()
          WHERE id = 1 AND version = ${base}::int RETURNING version
        ), wanted AS (
          SELECT key, document::json AS document, action, head.version
          FROM head, unnest(${keys}::text[], ${documents}::text[], ${actions}::text[]) AS t (key, document, action)
        ), ended AS (
          UPDATE rule_versions r SET live_to = w.version FROM wanted w
          WHERE r.key = w.key AND r.live_to IS NULL RETURNING r.key, r.document
        ), begun AS (
          INSERT INTO rule_versions (key, version, document, author, live_from)
          SELECT w.key, 1 + coalesce((SELECT max(v.version) FROM rule_versions v WHERE v.key = w.key), 0),
            w.document, ${by.name}, w.version
          FROM wanted w WHERE w.document IS NOT NULL
          RETURNING *
        ), audited AS (
          INSERT INTO audit_entries (actor, token_id, action, subject, before, after)
          SELECT ${by.name}, ${by.tokenId}::uuid, w.action, 'rule:' || w.key, ended.document, w.document
          FROM wanted w LEFT JOIN ended USING (key)
        ), announced AS (
          SELECT pg_notify(${RULESET_CHANGED}, version::text) FROM head
        )
        SELECT head.version AS ruleset_version, (SELECT count(*) FROM announced) AS announced, r.key, r.version, r.document,
          r.author, r.created_at,
          -- Of a rule that was live before, the beginning is where it was; any other begins now.
          CASE WHEN ended.key IS NULL THEN r.created_at ELSE ${BORN_AT} END AS born_at
        FROM head LEFT JOIN begun r ON true LEFT JOIN ended ON ended.key = r.key`
      const [first] = rows
      if (first === undefined) return { kind: 'conflict' }
      return { kind: 'applied', rulesetVersion: first.ruleset_version, rules: rulesOf(rows) }
    },
  }
}

type AppliedRow = { ruleset_version: number } & (StoredRuleRow | NoRule)
