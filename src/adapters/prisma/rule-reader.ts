import type { RuleDocument } from '../../domain/rule.ts'
import { inOrderTried } from '../../domain/ruleset.ts'
import type { PrismaClient } from '../../generated/prisma/client.ts'

/** A rule as it is now, with what the service has added to it. */
export type StoredRule = RuleDocument & {
  readonly version: number
  readonly createdAt: Date
  readonly updatedAt: Date
  readonly updatedBy: string
}

export interface RuleReader {
  /** In the order tried. */
  list(): Promise<StoredRule[]>
  find(key: string): Promise<StoredRule | undefined>
}

/** The rules in force. */
export function createRuleReader(prisma: PrismaClient): RuleReader {
  async function read(key?: string): Promise<StoredRule[]> {
    const [rows, births] = await Promise.all([
      prisma.ruleVersion.findMany({ where: { liveTo: null, ...(key !== undefined && { key }) } }),
      prisma.ruleVersion.findMany({
        where: { version: 1, ...(key !== undefined && { key }) },
        select: { key: true, createdAt: true },
      }),
    ])
    const bornAt = new Map(births.map((birth) => [birth.key, birth.createdAt]))
    return rows
      .map((row) => ({
        ...(row.document as unknown as RuleDocument), // only validated documents are ever stored
        version: row.version,
        createdAt: bornAt.get(row.key) ?? row.createdAt,
        updatedAt: row.createdAt,
        updatedBy: row.author,
      }))
      .sort(inOrderTried)
  }

  return {
    list: () => read(),
    find: async (key) => (await read(key))[0],
  }
}
