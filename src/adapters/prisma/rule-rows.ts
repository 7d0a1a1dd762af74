import type { RuleDocument } from '../../domain/rule.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import type { StoredRule } from '../../services/rule-book.ts'

/** A row of `rule_versions`, with the beginning of the rule's life. */
export interface StoredRuleRow {
  readonly key: string
  readonly version: number
  readonly document: RuleDocument // only validated documents are ever stored
  readonly author: string
  readonly created_at: Date
  readonly born_at: Date
}

/** When the rule of the row `r` was created: by its newest version that did not take over from another one. */
export const BORN_AT = Prisma.sql`(
  SELECT b.created_at FROM rule_versions b
  WHERE b.key = r.key AND NOT EXISTS (
    SELECT FROM rule_versions p WHERE p.key = b.key AND p.version = b.version - 1 AND p.live_to = b.live_from
  )
  ORDER BY b.version DESC LIMIT 1
)`

/** The row of a statement that had something else to say, and no rule beside it. */
export interface NoRule {
  readonly key: null
}

/** The rules of rows, as the API shows them: the document as it was written, and then what the service adds. */
export function rulesOf(rows: readonly (StoredRuleRow | NoRule)[]): StoredRule[] {
  return rows.flatMap((row) => {
    if (row.key === null) return []
    const { document, version, author, created_at, born_at } = row
    return [{ ...document, version, createdAt: born_at, updatedAt: created_at, updatedBy: author }]
  })
}
