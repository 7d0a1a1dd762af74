import { IsDateTime } from 'typebox/format'

/** Postgres, and so all that we keep, knows the years from 1 on. */
export const FIRST_MOMENT_MS = Date.parse('0001-01-01T00:00:00Z')
/** The last millisecond of the year 9999; later years are written in a form that Postgres and RFC 3339 do not know. */
export const LAST_MOMENT_MS = Date.parse('9999-12-31T23:59:59.999Z')

/**
 * Whether a text is a moment: of the form of RFC 3339, but none of its leap seconds, which Date does not know, nor, in UTC, of
 * its year 0 or of the year 10000.
 */
export function isMoment(text: string): boolean {
  const timeMs = IsDateTime(text) ? Date.parse(text) : Number.NaN
  return FIRST_MOMENT_MS <= timeMs && timeMs <= LAST_MOMENT_MS
}
