import { RE2JS, RE2JSSyntaxException } from 're2js'
import { SEARCHED_LENGTH_MAX, trimmedText } from './text.ts'

/**
 * The size of all patterns of a rule together. Cost is size times length of the text, at worst 83 ns a step (measured),
 * so a rule takes at most 50 ms. Repeats such as `{1000}` make a pattern large; 256 plain characters fit.
 */
export const PATTERN_SIZE_MAX = 300

/** A compiled pattern and its size, or why it was refused, in words for who wrote it. */
export type PatternReading =
  | { kind: 'pattern'; size: number; find(text: string): boolean }
  | { kind: 'refused'; why: string }

/** Compiles a regular expression in linear time (RE2): without regard to case, found anywhere in the text. */
export function readPattern(source: string): PatternReading {
  try {
    // NFC, not NFKC: the latter would turn wide brackets into syntax.
    const pattern = RE2JS.compile(source.normalize('NFC'), RE2JS.CASE_INSENSITIVE)
    const size = pattern.programSize()
    if (size > PATTERN_SIZE_MAX) return { kind: 'refused', why: 'it is too large; shorten its repeats' }
    return { kind: 'pattern', size, find: (text) => pattern.test(trimmedText(text.slice(0, SEARCHED_LENGTH_MAX))) }
  } catch (error) {
    if (!(error instanceof RE2JSSyntaxException)) throw error
    const why = error.message.replace('error parsing regexp: ', '')
    return { kind: 'refused', why: `${why}; RE2 has no backreferences, lookaheads or lookbehinds` }
  }
}

/** A pattern that finds this text and no other. */
export function patternOf(text: string): string {
  return RE2JS.quote(text)
}
