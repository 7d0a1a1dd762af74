import { Prisma } from '../../generated/prisma/client.ts'

/** A value for a jsonb column. Postgres refuses NUL and lone surrogates there, and both can be in what people write. */
export function toJsonb(value: unknown): Prisma.Sql {
  return Prisma.sql`${toJson(value)}::jsonb`
}

/** The rows that a statement is for, as a table with these columns; `n` is a row's place. A bigint is given as text, for JSON has none. */
export function tableOf(columns: string, rows: readonly object[]): Prisma.Sql {
  const numbered = rows.map((row, n) => ({ n, ...row }))
  return Prisma.sql`SELECT * FROM json_to_recordset(${toJson(numbered)}::json) AS t (n int, ${Prisma.raw(columns)})`
}

function toJson(value: unknown): string {
  const json = JSON.stringify(value)
  return UNKEEPABLE.test(json) ? JSON.stringify(value, (_key, item: unknown) => clean(item)) : json
}

/** NUL or half of a surrogate pair, as JSON writes it; or a text that looks like that. Cleaning costs five times what this test does. */
const UNKEEPABLE = /\\u(?:0000|d[89a-f])/

function clean(value: unknown): unknown {
  if (typeof value === 'string') return cleanText(value)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [cleanText(key), item]))
}

/** A text that Postgres can keep. */
export function cleanText(text: string): string {
  return text.toWellFormed().replaceAll('\0', '')
}

/**
 * A webhook's body as text, `webhook_events` being aliased `e`; as bytes it would be sent as hexadecimal digits. Of all but the
 * unreadable ones the bytes are known to be UTF-8.
 */
export const BODY_TEXT = Prisma.sql`convert_from(e.body, 'UTF8') AS body`

/** That a claim still holds, `chats` being aliased `c`. */
export function holds(claim: { chatId: number; fence: bigint }): Prisma.Sql {
  return Prisma.sql`c.id = ${claim.chatId}::bigint AND c.fence = ${claim.fence}`
}

/**
 * The condition that every write of a claimed chat carries. It locks the chat's row, so that a claim which is taken over at
 * this very moment is either still ours until the statement ends, or not ours at all.
 */
export function holdsForWrite(claim: { chatId: number; fence: bigint }): Prisma.Sql {
  return Prisma.sql`EXISTS (SELECT FROM chats c WHERE ${holds(claim)} FOR UPDATE)`
}

/**
 * How many milliseconds old a time in a column is, by the database's clock; null for null. A time to come is from before that was set
 * back, nobody knows how long: it counts as so old as it is ahead, for what is known from then must not be taken for news.
 */
export function msSince(column: string): Prisma.Sql {
  return Prisma.sql`(abs(extract(epoch FROM clock_timestamp() - ${Prisma.raw(column)})) * 1000)::float8`
}

export function msToInterval(ms: number): Prisma.Sql {
  return Prisma.sql`make_interval(secs => ${ms / 1000}::float8)`
}
