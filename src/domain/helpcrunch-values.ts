import { isJsonObject } from './json-object.ts'
import { isMoment, LAST_MOMENT_MS } from './moment.ts'

/** The object without the keys whose value is `undefined`: what nobody told leaves no key. */
export type Told<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

/** The most characters of a text that are kept, but for a message. */
export const TEXT_CHARACTERS_MAX = 1_000
/** Numbers from here on are milliseconds: as seconds they would lie past the year 5138. */
const MILLISECONDS_FROM = 100_000_000_000
const SECONDS_TEXT = /^\d{1,15}(\.\d{1,9})?$/
const ID_TEXT = /^\d{1,16}$/
const NUL = '\u0000'
const CUT_SURROGATE_PAIR = /[\uD800-\uDBFF]$/

/** A HelpCrunch id: positive safe integers, as a number or as text (public receivers have met both in webhooks). */
export function readId(value: unknown): number | undefined {
  const id = typeof value === 'string' && ID_TEXT.test(value.trim()) ? Number(value) : value
  return typeof id === 'number' && Number.isSafeInteger(id) && id > 0 ? id : undefined
}

/** Whether a document of REST is about what has this id: a proxy or a cache may answer with another one's. */
export function isAbout(id: number, json: unknown): boolean {
  return isJsonObject(json) && readId(json.id) === id
}

/** The id in a reference to something: `{ "id": 88 }`, `88` or `"88"`. */
export function readReference(value: unknown): number | undefined {
  return readId(isJsonObject(value) ? value.id : value)
}

/**
 * A moment after 1970, from UNIX seconds as number or text, with or without a fraction (`1603885746`,
 * `"1607542030.713"`). HelpCrunch mixes these in one document; numbers too large for seconds are read as milliseconds. RFC 3339
 * is read as well: nobody has met it there, but a time that was not understood would let schedules go by the arrival.
 */
export function readTime(value: unknown): Date | undefined {
  const timeMs = typeof value === 'string' ? readTimeText(value.trim()) : readTimeNumber(value)
  return timeMs > 0 && timeMs <= LAST_MOMENT_MS ? new Date(timeMs) : undefined
}

function readTimeText(text: string): number {
  return isMoment(text) ? Date.parse(text) : readTimeNumber(SECONDS_TEXT.test(text) ? Number(text) : undefined)
}

function readTimeNumber(value: unknown): number {
  if (typeof value !== 'number') return Number.NaN
  return Math.round(value < MILLISECONDS_FROM ? value * 1_000 : value)
}

/**
 * Trimmed text of at most `charactersMax` UTF-16 units; a number counts as its text, blank text as none. What Postgres
 * cannot keep in jsonb (NUL, half of a surrogate pair) is left out or replaced, so that storing never fails on it.
 */
export function readText(value: unknown, charactersMax = TEXT_CHARACTERS_MAX): string | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : undefined
  if (typeof value !== 'string') return undefined
  const text = value.replaceAll(NUL, '').trim().slice(0, charactersMax).replace(CUT_SURROGATE_PAIR, '')
  return text.trimEnd().toWellFormed() || undefined
}

/** As `readText`, but null and blank text are the knowledge that there is none. */
export function readTextOrNone(value: unknown): string | null | undefined {
  const none = value === null || (typeof value === 'string' && value.trim() === '')
  return none ? null : readText(value)
}

/** True or false where told; anything else is not told. */
export function readFlag(value: unknown): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined
}

/** An object any key of which may be absent, without what is known not to exist. */
export type Present<T> = { [K in keyof T]: Exclude<T[K], null> }

/** Leaves out the keys whose value is null. */
export function onlyPresent<T extends object>(parts: T): Present<T> {
  const present = Object.entries(parts).filter(([, value]) => value !== null)
  // Object.fromEntries forgets which keys there were; the filter above is what makes the type true.
  return Object.fromEntries(present) as Present<T>
}

/** Leaves out the keys whose value is `undefined`. */
export function onlyTold<T extends object>(parts: T): Told<T> {
  const told = Object.entries(parts).filter(([, value]) => value !== undefined)
  return Object.fromEntries(told) as Told<T> // for the same reason
}
