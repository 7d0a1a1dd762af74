import { type Problem, pointerTo } from './problem.ts'

const DEPTH_MAX = 32
const BYTES_MAX = 64 * 1024

/**
 * Problems for which nothing else is looked at, of a rule or of the facts of a simulation: it is too deep or too large. Safe on
 * any JSON.
 */
export function sizeProblems(input: unknown, pointer = ''): Problem[] {
  if (isTooDeep(input)) {
    return [{ pointer, message: `It is nested more than ${DEPTH_MAX} levels deep. Make it flatter.` }]
  }
  const bytes = Buffer.byteLength(JSON.stringify(input) ?? '')
  if (bytes <= BYTES_MAX) return []
  return [{ pointer, message: `It is ${bytes} bytes of JSON. Make it at most ${BYTES_MAX}.` }]
}

/** Problems of texts and names that Postgres cannot keep in jsonb: U+0000 and half a surrogate pair. */
export function unstorableTextProblems(input: unknown, pointer = ''): Problem[] {
  if (typeof input === 'string') return isStorable(input) ? [] : [{ pointer, message: UNSTORABLE }]
  if (typeof input !== 'object' || input === null) return []
  return Object.entries(input).flatMap(([name, value]) => {
    if (!isStorable(name)) return [{ pointer, message: UNSTORABLE }]
    return unstorableTextProblems(value, pointerTo(pointer, name))
  })
}

const UNSTORABLE = 'It contains U+0000 or half of a surrogate pair, which cannot be stored. Remove that character.'

function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\u0000')
}

/** Goes level by level: recursion would overflow the stack on the very documents it is here to refuse. */
function isTooDeep(input: unknown): boolean {
  let level: unknown[] = [input]
  for (let depth = 0; depth <= DEPTH_MAX; depth++) {
    level = level.flatMap((value) => (typeof value === 'object' && value !== null ? Object.values(value) : []))
    if (level.length === 0) return false
  }
  return true
}
