import type { RuleDocument } from '../../domain/rule.ts'
import { inOrderTried } from '../../domain/ruleset.ts'
import type { PrismaClient } from '../../generated/prisma/client.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import type { StoredRule, StoredVersion } from '../../services/rule-book.ts'
import { BORN_AT, type NoRule, rulesOf, type StoredRuleRow } from './rule-rows.ts'

export interface RuleReader {
  /** In the order tried, with the version of the rule set that they are. */
  list(): Promise<{ readonly version: number; readonly rules: readonly StoredRule[] }>
  find(key: string): Promise<StoredRule | undefined>
  /** Newest first, older than the version `before`; those of a deleted rule too, none of a rule that never was. */
  listVersions(key: string, limit: number, before: number | undefined): Promise<StoredVersion[]>
  findDocument(key: string, version: number): Promise<RuleDocument | undefined>
}

/** The rules in force, and all they ever were. */
export function createRuleReader(prisma: PrismaClient): RuleReader {
  function read(condition: Prisma.Sql): Promise<({ ruleset_version: number } & (StoredRuleRow | NoRule))[]> {
    return prisma.$queryRaw`
      SELECT head.version AS ruleset_version, r.key, r.version, r.document, r.author, r.created_at, ${BORN_AT} AS born_at
      FROM ruleset_head head LEFT JOIN rule_versions r ON r.live_to IS NULL AND ${condition}`
  }

  return {
    async list() {
      const rows = await read(Prisma.sql`true`)
      return { version: rows[0]?.ruleset_version ?? 0, rules: rulesOf(rows).sort(inOrderTried) }
    },

    find: async (key) => rulesOf(await read(Prisma.sql`r.key = ${key}`))[0],

    async listVersions(key, limit, before) {
      const where = { key, ...(before !== undefined && { version: { lt: before } }) }
      const rows = await prisma.ruleVersion.findMany({ where, orderBy: { version: 'desc' }, take: limit })
      return rows.map(({ version, author, createdAt, liveFrom, liveTo, document }) => {
        return { version, author, createdAt, liveFrom, liveTo, document: document as unknown as RuleDocument } // only validated documents are ever stored
      })
    },

    async findDocument(key, version) {
      const row = await prisma.ruleVersion.findUnique({ where: { key_version: { key, version } } })
      return row === null ? undefined : (row.document as unknown as RuleDocument) // only validated documents are ever stored
    },
  }
}
