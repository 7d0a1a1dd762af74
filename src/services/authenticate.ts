import { createHash, timingSafeEqual } from 'node:crypto'
import type { Role } from '../domain/role.ts'
import type { Log } from './log.ts'

/** Whose request it is. */
export interface Identity {
  readonly name: string
  readonly role: Role
  /** Null for ADMIN_TOKEN, which is not stored. */
  readonly tokenId: string | null
}

export interface FoundToken extends Identity {
  readonly tokenId: string
  /** Undefined before the first use. */
  readonly unusedForMs: number | undefined
}

/** The port this service needs; `adapters/prisma/token-store.ts` implements it. */
export interface TokenFinder {
  find(hash: Uint8Array): Promise<FoundToken | undefined>
  touch(tokenId: string): Promise<void>
}

export interface AuthenticateDependencies {
  readonly tokens: TokenFinder
  readonly adminToken: string
  readonly log: Log
}

/** What every token that was issued looks like; nothing else is worth a look into the database. */
const ISSUED_TOKEN = /^hcr_[A-Za-z0-9_-]{43}$/
/** `lastUsedAt` is written at most this often. */
const TOUCH_MS = 60_000
const ADMIN = { name: 'admin', role: 'admin', tokenId: null } as const

/** Whose token it is; undefined when it is nobody's. The database is asked each time, so a revoked token is refused by every replica at once. */
export async function authenticate(
  { tokens, adminToken, log }: AuthenticateDependencies,
  token: string,
): Promise<Identity | undefined> {
  const hash = hashToken(token)
  // Digests are of one length, as the comparison in constant time demands.
  if (timingSafeEqual(hash, hashToken(adminToken))) return ADMIN
  if (!ISSUED_TOKEN.test(token)) return undefined
  const found = await tokens.find(hash)
  if (found === undefined) return undefined
  const { name, role, tokenId, unusedForMs } = found
  if (unusedForMs === undefined || unusedForMs >= TOUCH_MS) {
    // Nobody is turned away because a date could not be written.
    await tokens.touch(tokenId).catch((error: unknown) => log.warn({ err: error, tokenId }, 'token.not_touched'))
  }
  return { name, role, tokenId }
}

/** What is stored of a token. It is 32 random bytes, so there is nothing to guess and no need of a slow hash. */
export function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
