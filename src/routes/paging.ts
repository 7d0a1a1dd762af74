import { Type } from 'typebox'
import { invalidInput } from './invalid-input.ts'

/** What every list takes. */
export const PAGE_QUERY = {
  limit: Type.Integer({ minimum: 1, maximum: 100, default: 20, description: 'How many to list at most.' }),
  cursor: Type.Optional(
    // The longest is the name of a fact, of 256 characters with three bytes each.
    Type.String({ pattern: '^[A-Za-z0-9_-]{1,1024}$', description: 'The nextCursor of the page before.' }),
  ),
}

/** The query of a list that takes no more. */
export const ListQuery = Type.Object(PAGE_QUERY, { additionalProperties: false })

/** A page, given one more row than was asked for: `positionOf` is what the next page begins after. */
export function page<T>(
  rows: readonly T[],
  limit: number,
  positionOf: (row: T) => string,
): { data: T[]; nextCursor: string | null } {
  const data = rows.slice(0, limit)
  const last = data.at(-1)
  const nextCursor =
    rows.length > limit && last !== undefined ? Buffer.from(positionOf(last)).toString('base64url') : null
  return { data, nextCursor }
}

/** The position that a cursor stands for; undefined without one. */
export function readCursor(cursor: string | undefined): string | undefined {
  return cursor === undefined ? undefined : Buffer.from(cursor, 'base64url').toString('utf8')
}

/** The same where positions are whole numbers, up to `max`. Throws what is answered with 400 when the cursor is none of that list. */
export function readNumberCursor(cursor: string | undefined, max = 10n ** 18n): bigint | undefined {
  const position = readCursor(cursor)
  if (position === undefined) return undefined
  if (!/^\d{1,19}$/.test(position) || BigInt(position) > max) throw notACursor()
  return BigInt(position)
}

export function notACursor(): Error {
  const message = 'is no nextCursor of this list: leave it out to begin at the start'
  return invalidInput('querystring', '/cursor', message)
}
