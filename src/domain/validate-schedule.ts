import { isJsonObject } from './json-object.ts'
import { type Problem, quoted } from './problem.ts'
import { suggestion } from './suggestion.ts'

/** What a schema cannot say about a schedule, of any JSON: whether the time zone exists and the windows have a length. */
export function scheduleProblems(input: unknown): Problem[] {
  if (!isJsonObject(input)) return []
  const windows: readonly unknown[] = Array.isArray(input.windows) ? input.windows : []
  return [
    ...timezoneProblems(input.timezone),
    ...windows.flatMap((window, index) => windowProblems(window, `/schedule/windows/${index}`)),
  ]
}

function timezoneProblems(timezone: unknown): Problem[] {
  if (typeof timezone !== 'string' || isTimeZone(timezone)) return []
  const hint = suggestion(timezone, Intl.supportedValuesOf('timeZone')) || ' Use a name such as "Europe/Berlin".'
  return [{ pointer: '/schedule/timezone', message: `There is no time zone ${quoted(timezone)}.${hint}` }]
}

/** The abbreviations in the IANA database. ICU has more, with meanings that people do not expect: "BST" is Bangladesh. */
const ABBREVIATIONS = ['CET', 'EET', 'EST', 'GMT', 'HST', 'MET', 'MST', 'PRC', 'ROC', 'ROK', 'UCT', 'UTC', 'WET']

/** Offsets such as "+02:00", which Intl would take, do not know summer time. */
function isTimeZone(timezone: string): boolean {
  if (!/^[A-Za-z]/.test(timezone)) return false
  if (/^[A-Za-z]{3}$/.test(timezone) && !ABBREVIATIONS.includes(timezone.toUpperCase())) return false
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: timezone })
    return true
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

function windowProblems(window: unknown, pointer: string): Problem[] {
  if (!isJsonObject(window) || typeof window.from !== 'string' || window.from !== window.to) return []
  const message = `The window has no length: it ends when it starts. For a whole day use "00:00" to "24:00".`
  return [{ pointer: `${pointer}/to`, message }]
}
