import { type Static, Type } from 'typebox'

/** `viewer` reads, `editor` also writes rules and retries, `admin` also tokens and audit. */
export const Role = Type.Enum(['viewer', 'editor', 'admin'], { description: 'One of viewer, editor, admin.' })
export type Role = Static<typeof Role>

const RANKS: Readonly<Record<Role, number>> = { viewer: 1, editor: 2, admin: 3 }

/** Whether a role may do what another one may: each includes the smaller ones. */
export function mayActAs(role: Role, needed: Role): boolean {
  return RANKS[role] >= RANKS[needed]
}
