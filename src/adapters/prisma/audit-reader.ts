import type { PrismaClient } from '../../generated/prisma/client.ts'

export interface AuditFilter {
  readonly actor?: string
  readonly action?: string
  readonly subject?: string
}

/** Who did what when; `before` and `after` are the whole of what was changed, null where there was or is nothing. */
export interface AuditEntry {
  readonly id: bigint
  readonly at: Date
  readonly actor: string
  /** Tells people of one name apart; null for ADMIN_TOKEN and for the service itself. */
  readonly tokenId: string | null
  readonly action: string
  readonly subject: string
  readonly before: unknown
  readonly after: unknown
}

export interface AuditReader {
  /** Newest first, older than the entry `before`. */
  list(filter: AuditFilter, limit: number, before: bigint | undefined): Promise<AuditEntry[]>
}

/** The audit, which is only ever written along with what it tells of. */
export function createAuditReader(prisma: PrismaClient): AuditReader {
  return {
    list(filter, limit, before) {
      const where = { ...filter, ...(before !== undefined && { id: { lt: before } }) }
      return prisma.auditEntry.findMany({ where, orderBy: { id: 'desc' }, take: limit })
    },
  }
}
