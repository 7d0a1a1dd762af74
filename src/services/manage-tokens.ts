import type { Role } from '../domain/role.ts'
import { hashToken, type Identity } from './authenticate.ts'

/** A token without its secret, which nobody can read again. */
export interface ApiToken {
  readonly id: string
  readonly name: string
  readonly role: Role
  readonly createdAt: Date
  readonly createdBy: string
  /** To the minute; null before the first use. */
  readonly lastUsedAt: Date | null
}

/** The port this service needs; `adapters/prisma/token-store.ts` implements it. Each write stands in the audit. */
export interface TokenRegister {
  issue(token: { name: string; role: Role; hash: Uint8Array }, by: Identity): Promise<ApiToken>
  /** False when there is no such token. */
  revoke(id: string, by: Identity): Promise<boolean>
  /** Newest first, older than the token `before`, be it revoked by now. */
  list(limit: number, before: Pick<ApiToken, 'createdAt' | 'id'> | undefined): Promise<ApiToken[]>
}

/** A token as it is shown once. */
export type IssuedToken = ApiToken & { readonly token: string }

/** Issues a token. `randomBytes` must give bytes that nobody can guess. */
export async function issueToken(
  { tokens, randomBytes }: { readonly tokens: TokenRegister; readonly randomBytes: (size: number) => Buffer },
  { name, role }: { readonly name: string; readonly role: Role },
  by: Identity,
): Promise<IssuedToken> {
  const token = `hcr_${randomBytes(32).toString('base64url')}`
  const issued = await tokens.issue({ name, role, hash: hashToken(token) }, by)
  return { ...issued, token }
}
