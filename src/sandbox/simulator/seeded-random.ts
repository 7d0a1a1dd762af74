/** A source of chance: the next number in [0, 1). */
export type Random = () => number

/** A repeatable source of chance: the same seed gives the same sequence (mulberry32). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A whole number of milliseconds between two bounds, both included. */
export function randomMs(random: Random, range: DurationRange): number {
  return range.minMs + Math.floor(random() * (range.maxMs - range.minMs + 1))
}

/** How long something takes at least and at most. */
export interface DurationRange {
  readonly minMs: number
  readonly maxMs: number
}

/** A version 4 UUID drawn from the given source, so that a seed repeats the ids too. */
export function randomUuid(random: Random): string {
  const hex = Array.from({ length: 32 }, () => Math.floor(random() * 16).toString(16))
  hex[12] = '4'
  hex[16] = '8'
  const text = hex.join('')
  return [text.slice(0, 8), text.slice(8, 12), text.slice(12, 16), text.slice(16, 20), text.slice(20)].join('-')
}
