/**
 * A second, naive reading of section 4 of the product's contract ("Operators", "Meaning"), to hold the first one to.
 * It shares no code with `src/domain`, not even how text is made comparable, and prefers the obvious to the fast.
 */

export type ReferenceResult = 'match' | 'no_match' | 'unknown'

type Value = string | number | boolean | readonly (string | number)[]
type Node =
  | { all: readonly Node[] }
  | { any: readonly Node[] }
  | { not: Node }
  | { fact: string; operator: string; value?: unknown }

/** What conditions come to over facts; of what is absent or null nothing can be said but that it is missing. */
export function referenceResult(node: Node, facts: Readonly<Record<string, Value | null>>): ReferenceResult {
  if ('all' in node) {
    let result: ReferenceResult = 'match'
    for (const member of node.all) result = and(result, referenceResult(member, facts))
    return result
  }
  if ('any' in node) {
    let result: ReferenceResult = 'no_match'
    for (const member of node.any) result = or(result, referenceResult(member, facts))
    return result
  }
  if ('not' in node) return negate(referenceResult(node.not, facts))
  return leafResult(node.operator, facts[node.fact] ?? undefined, node.value)
}

function and(a: ReferenceResult, b: ReferenceResult): ReferenceResult {
  if (a === 'no_match' || b === 'no_match') return 'no_match'
  return a === 'match' && b === 'match' ? 'match' : 'unknown'
}

function or(a: ReferenceResult, b: ReferenceResult): ReferenceResult {
  if (a === 'match' || b === 'match') return 'match'
  return a === 'no_match' && b === 'no_match' ? 'no_match' : 'unknown'
}

function negate(result: ReferenceResult): ReferenceResult {
  if (result === 'unknown') return 'unknown'
  return result === 'match' ? 'no_match' : 'match'
}

const COMPLEMENTS: Readonly<Record<string, string>> = {
  notEqual: 'equal',
  notIn: 'in',
  doesNotContain: 'contains',
  containsNone: 'containsAny',
  missing: 'exists',
}

function leafResult(operator: string, actual: Value | undefined, expected: unknown): ReferenceResult {
  const complement = COMPLEMENTS[operator]
  if (complement !== undefined) return negate(leafResult(complement, actual, expected))
  if (operator === 'exists') return actual === undefined ? 'no_match' : 'match'
  if (actual === undefined) return 'unknown'
  const holds = judge(operator, actual, expected)
  if (holds === 'cannot apply') return 'unknown'
  return holds ? 'match' : 'no_match'
}

function judge(operator: string, actual: Value, expected: unknown): boolean | 'cannot apply' {
  const wanted = Array.isArray(expected) ? expected : [expected]
  if (operator === 'equal' || operator === 'in') {
    if (Array.isArray(actual)) return 'cannot apply'
    return wanted.some((value) => areEqual(actual, value))
  }
  if (operator.startsWith('contains')) {
    if (!Array.isArray(actual)) return 'cannot apply'
    const has = (value: unknown) => actual.some((member) => areEqual(member, value))
    return operator === 'containsAll' ? wanted.every(has) : wanted.some(has)
  }
  if (operator === 'between' || operator.includes('Than')) return judgeOrder(operator, actual, wanted)
  return judgeText(operator, actual, String(expected))
}

function judgeOrder(operator: string, actual: Value, wanted: readonly unknown[]): boolean | 'cannot apply' {
  const [value, first = Number.NaN, second = Number.NaN] = [actual, ...wanted].map(asNumber)
  if (value === undefined) return 'cannot apply'
  if (operator === 'between') return value >= first && value <= second
  if (operator === 'lessThan') return value < first
  if (operator === 'lessThanInclusive') return value < first || value === first
  if (operator === 'greaterThan') return value > first
  return value > first || value === first
}

function judgeText(operator: string, actual: Value, expected: string): boolean | 'cannot apply' {
  if (typeof actual !== 'string' && typeof actual !== 'number') return 'cannot apply'
  const [text, wanted] = [readable(actual), readable(expected)]
  switch (operator) {
    case 'startsWith':
      return text.slice(0, wanted.length) === wanted
    case 'endsWith':
      return text.slice(Math.max(0, text.length - wanted.length)) === wanted
    case 'includesText':
      return text.indexOf(wanted) >= 0
    case 'includesWord':
      return ` ${plainWords(text)} `.includes(` ${plainWords(wanted)} `)
    case 'matches':
      return new RegExp(expected, 'iu').test(String(actual).normalize('NFKC').trim())
    default:
      throw new Error(`The reference knows no operator ${operator}.`)
  }
}

/** Numbers, and numbers in strings, compare as numbers; everything else as people read it. */
function areEqual(a: unknown, b: unknown): boolean {
  const [x, y] = [asNumber(a), asNumber(b)]
  if (x !== undefined && y !== undefined) return x === y
  return readable(a) === readable(b)
}

function asNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return value
  if (typeof value !== 'string') return undefined
  const text = readable(value)
  return /^-?[0-9]+(?:[.][0-9]+)?$/.test(text) ? Number.parseFloat(text) : undefined
}

function readable(value: unknown): string {
  return `${value}`
    .normalize('NFKC')
    .replace(/^\s+|\s+$/g, '')
    .toLowerCase()
}

/** Enough for texts in scripts that put blanks between words, which are all that the property uses. */
function plainWords(text: string): string {
  return (text.match(/[\p{L}\p{M}\p{N}]+/gu) ?? []).join(' ')
}
