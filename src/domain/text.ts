/** Words and patterns are looked for in so many characters from the start: a huge message must not stall decisions. */
export const SEARCHED_LENGTH_MAX = 2000

/**
 * Text as people read it: NFKC, trimmed, lower-case; the sigma at the end of a Greek word is a sigma, and a Turkish capital with its
 * dot, which becomes two signs, an i.
 */
export const normalText = rememberingLast((text) =>
  trimmedText(text).toLowerCase().replaceAll('ς', 'σ').replaceAll('i\u0307', 'i'),
)

/** Text in NFKC without blanks around it, its case kept. */
export function trimmedText(text: string): string {
  return text.normalize('NFKC').trim()
}

/** The number that a number or a plain decimal text ("12", "-0.5") stands for; undefined when it is neither. */
export function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value
  if (typeof value !== 'string') return undefined
  const text = trimmedText(value)
  return PLAIN_DECIMAL.test(text) ? Number(text) : undefined
}

const PLAIN_DECIMAL = /^-?\d+(\.\d+)?$/

/** One text for all values that are equal to people: "VIP " and "vip", 12 and "12.0". Two values are equal when their keys are. */
export function comparisonKey(value: string | number | boolean): string {
  const text = normalText(String(value))
  return PLAIN_DECIMAL.test(text) && isExact(text) ? String(Number(text)) : text
}

/** A double keeps 15 digits. Longer ones are ids, and two of these must not become equal by rounding. */
function isExact(decimal: string): boolean {
  return decimal.replace(/^-?0*|\./g, '').length <= 15
}

/** The words of a text in any script, normal and in order; punctuation and emoji are none. */
export const wordsOf = rememberingLast((text): readonly string[] => {
  const segments = segmenter.segment(normalText(text.slice(0, SEARCHED_LENGTH_MAX)))
  return Array.from(segments)
    .filter((segment) => segment.isWordLike === true)
    .flatMap((segment) => segment.segment.split(JOINED))
})

/** What does not end a word for Unicode (UAX 29), but does for people: `l'abonnement`, `refund.Thanks`. A number stays whole. */
const JOINED = /(?<=\p{L}\p{M}*)['’.:·](?=\p{L})/u

const segmenter = new Intl.Segmenter('und', { granularity: 'word' })

/** Whether `run` occurs in `words` as neighbours in the same order. */
export function includesRun(words: readonly string[], run: readonly string[]): boolean {
  return words.some((_, start) => run.every((word, offset) => words[start + offset] === word))
}

/** Many rules ask about the same message, one after the other, and reading a long one is the dearest part of it. */
function rememberingLast<Result>(read: (text: string) => Result): (text: string) => Result {
  let last: { text: string; result: Result } | undefined
  return (text) => {
    if (last?.text !== text) last = { text, result: read(text) }
    return last.result
  }
}
