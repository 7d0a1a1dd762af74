import { IsDateTime } from 'typebox/format'

/** Postgres, and so all that we keep, knows the years from 1 on. */
const FIRST_MS = Date.parse('0001-01-01T00:00:00Z')

/** Whether a text is a moment: of the form of RFC 3339, but none of its leap seconds, which Date does not know, nor of its year 0. */
export function isMoment(text: string): boolean {
  return IsDateTime(text) && Date.parse(text) >= FIRST_MS
}
