import type { PreparedLeaf } from '../prepared-conditions.ts'

/** A test for words or a pattern, and how it is to come out. */
export interface TextWish {
  readonly leaf: PreparedLeaf
  readonly passes: boolean
}

/** Texts that may well meet all wishes, put together from what is wished for. */
export function textsFor(wishes: readonly TextWish[]): string[] {
  const pieces = wishes.filter(({ passes }) => passes).map(({ leaf }) => pieceFor(leaf))
  const texts = (place: Piece['place']) => pieces.filter((piece) => piece.place === place).map(({ text }) => text)
  // What starts with the longest beginning starts with the shorter ones too, if anything can start with all of them.
  const starts = texts('start').toSorted((a, b) => b.length - a.length)
  const ends = texts('end').toSorted((a, b) => a.length - b.length)
  const all = [...starts, ...texts('middle'), ...ends]
  // With a word more it is neither a number nor one of the values that rules mention.
  const longer = [...starts, FILLER, ...texts('middle'), ...ends]
  return [...all, all.join(' '), all.join(''), longer.join(' '), longer.join('')]
}

const FILLER = 'something'

interface Piece {
  readonly place: 'start' | 'middle' | 'end'
  readonly text: string
}

function pieceFor({ leaf: { operator, value } }: PreparedLeaf): Piece {
  const text = String(value).trim()
  if (operator === 'startsWith') return { place: 'start', text }
  if (operator === 'endsWith') return { place: 'end', text }
  if (operator !== 'matches') return { place: 'middle', text }
  const [first = ''] = text.replace(/^\(\?[a-z-]+\)/, '').split('|')
  if (first.startsWith('^')) return { place: 'start', text: withoutSigns(first) }
  return { place: first.endsWith('$') ? 'end' : 'middle', text: withoutSigns(first) }
}

/** The first alternative of a pattern without its signs is often a text that it matches. */
function withoutSigns(pattern: string): string {
  return pattern
    .replace(/\\[bBAz]/g, '')
    .replace(/\\d/g, '1')
    .replace(/\\s/g, ' ')
    .replace(/[\\^$()[\]{}*+?]/g, '')
}
