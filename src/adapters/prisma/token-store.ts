import type { Role } from '../../domain/role.ts'
import type { ApiToken as ApiTokenRow, PrismaClient } from '../../generated/prisma/client.ts'
import type { TokenFinder } from '../../services/authenticate.ts'
import type { ApiToken, TokenRegister } from '../../services/manage-tokens.ts'
import { inPlace, type ShareStatement } from './share-statement.ts'
import { msSince, tableOf } from './sql.ts'

/** Tokens by the hash of their secret. What is done to them stands in the audit by the same statement. */
export function createTokenStore(prisma: PrismaClient, share: ShareStatement): TokenFinder & TokenRegister {
  // Shared, as anybody may come with tokens that are nobody's: a flood of them must not keep others from the connections.
  const findRow = share(async (hashes: readonly Uint8Array[]) => {
    const asked = tableOf(
      'hash text',
      hashes.map((hash) => ({ hash: Buffer.from(hash).toString('hex') })),
    )
    const rows = await prisma.$queryRaw<FoundRow[]>`
      SELECT asked.n, id, name, role, ${msSince('last_used_at')} AS unused_for_ms
      FROM (${asked}) AS asked JOIN api_tokens t ON t.hash = decode(asked.hash, 'hex')`
    return inPlace(hashes.length, rows)
  })
  return {
    async find(hash) {
      const row = await findRow(hash)
      return row && { tokenId: row.id, name: row.name, role: row.role, unusedForMs: row.unused_for_ms ?? undefined }
    },

    async touch(tokenId) {
      await prisma.$executeRaw`UPDATE api_tokens SET last_used_at = now() WHERE id = ${tokenId}::uuid`
    },

    async issue({ name, role, hash }, by) {
      const [row] = await prisma.$queryRaw<{ id: string; created_at: Date }[]>`
        WITH issued AS (
          INSERT INTO api_tokens (hash, name, role, created_by) VALUES (${hash}, ${name}, ${role}, ${by.name}) RETURNING *
        ), audited AS (
          INSERT INTO audit_entries (actor, token_id, action, subject, after)
          SELECT ${by.name}, ${by.tokenId}::uuid, 'token.created', 'token:' || id, json_build_object('name', name, 'role', role)
          FROM issued
        )
        SELECT id, created_at FROM issued`
      if (row === undefined) throw new Error('The insertion of a token gave no row.')
      return { id: row.id, name, role, createdAt: row.created_at, createdBy: by.name, lastUsedAt: null }
    },

    async revoke(id, by) {
      const rows = await prisma.$queryRaw<{ id: string }[]>`
        WITH revoked AS (
          DELETE FROM api_tokens WHERE id = ${id}::uuid RETURNING *
        ), audited AS (
          INSERT INTO audit_entries (actor, token_id, action, subject, before)
          SELECT ${by.name}, ${by.tokenId}::uuid, 'token.revoked', 'token:' || id, json_build_object('name', name, 'role', role)
          FROM revoked
        )
        SELECT id FROM revoked`
      return rows.length > 0
    },

    async list(limit, before) {
      const older = before && { OR: [{ createdAt: { lt: before.createdAt } }, { ...before, id: { lt: before.id } }] }
      const rows = await prisma.apiToken.findMany({
        omit: { hash: true },
        orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
        take: limit,
        ...(older && { where: older }),
      })
      return rows.map(readToken)
    },
  }
}

interface FoundRow {
  n: number
  id: string
  name: string
  role: Role // only ever written from that type
  unused_for_ms: number | null
}

function readToken({ role, ...token }: Omit<ApiTokenRow, 'hash'>): ApiToken {
  return { ...token, role: role as Role } // only ever written from that type
}
