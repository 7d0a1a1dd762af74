/** ` Did you mean "language"?` for "langauge", or nothing when no candidate is near. It begins with a blank. */
export function suggestion(word: string, candidates: readonly string[]): string {
  const nearest = nearestOf(word.toLowerCase(), candidates)
  return nearest === undefined ? '' : ` Did you mean "${nearest}"?`
}

/** No name that rules may use is longer, and the distance is quadratic. */
const WORD_LENGTH_MAX = 64

function nearestOf(word: string, candidates: readonly string[]): string | undefined {
  if (word.length > WORD_LENGTH_MAX) return undefined
  // Two letters swapped count twice. More slips than one in three letters make another word.
  let limit = word.length < 4 ? 1 : Math.max(2, Math.floor(word.length / 3))
  let nearest: string | undefined
  for (const candidate of candidates) {
    if (isNegated(word) !== isNegated(candidate.toLowerCase())) continue // the opposite is near, and worse than nothing
    const distance = editDistance(word, candidate.toLowerCase())
    if (distance > limit || (nearest !== undefined && distance === limit)) continue
    limit = distance
    nearest = candidate
  }
  return nearest
}

function isNegated(word: string): boolean {
  return word.includes('not')
}

/** Levenshtein's distance: the fewest letters to insert, delete or replace. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = at(row, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, at(row, j) + 1, at(next, j - 1) + 1))
    }
    row = next
  }
  return at(row, b.length)
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY
}
