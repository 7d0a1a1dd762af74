import { isJsonObject } from './json-object.ts'
import { PATTERN_SIZE_MAX, readPattern } from './pattern.ts'
import { type Problem, pointerTo, quoted } from './problem.ts'
import { leafProblems } from './validate-leaf.ts'
import { unknownProperty } from './validate-structure.ts'

const DEPTH_MAX = 8
const LEAVES_MAX = 100

/**
 * What is wrong with conditions, of any JSON. Walked by hand: of a recursive union TypeBox could only tell that no branch
 * of it fits. `read-rule-agrees.property.test.ts` holds this walk to the schema.
 */
export function conditionsProblems(input: unknown): readonly Problem[] {
  const { problems, leaves, patternSize } = walk(input, '/conditions', 1)
  return [...limitProblems(leaves, patternSize), ...problems]
}

function limitProblems(leaves: number, patternSize: number): Problem[] {
  const messages: string[] = []
  if (leaves > LEAVES_MAX) {
    messages.push(`There are ${leaves} comparisons. Keep to ${LEAVES_MAX}: use in or containsAny, or split the rule.`)
  }
  if (patternSize > PATTERN_SIZE_MAX) {
    messages.push('The patterns are too large together. Shorten their repeats, use includesWord, or split the rule.')
  }
  return messages.length === 0 ? [] : [{ pointer: '/conditions', message: messages.join(' ') }]
}

interface Walk {
  readonly problems: readonly Problem[]
  readonly leaves: number
  readonly patternSize: number
}

const GROUP_KEYS: readonly string[] = ['all', 'any', 'not']
const LEAF_KEYS: readonly string[] = ['fact', 'operator', 'value']

/** `depth` counts groups: the outermost is 1. */
function walk(input: unknown, pointer: string, depth: number): Walk {
  if (!isJsonObject(input)) return found(pointer, `It is ${quoted(input)}. ${FORMS}`)
  const groups = GROUP_KEYS.filter((key) => Object.hasOwn(input, key))
  if (groups.length === 0) {
    const misnamed = misnamedGroup(input)
    return misnamed === undefined ? walkLeaf(input, pointer) : found(pointerTo(pointer, misnamed), noGroup(misnamed))
  }
  if (depth > DEPTH_MAX) return found(pointer, `Conditions are nested more than ${DEPTH_MAX} deep. Make them flatter.`)
  const strangers = Object.keys(input).filter((key) => !GROUP_KEYS.includes(key))
  return together([
    groups.length > 1 ? found(pointer, sideBySide(groups)) : NOTHING,
    { ...NOTHING, problems: strangers.map((key) => strangerInGroup(pointer, key)) },
    ...groups.map((key) => walkGroup(key, input[key], pointerTo(pointer, key), depth)),
  ])
}

/** The name of a list where no part of a comparison is: a group as other languages name it (`and`, `or`), or misspelt. */
function misnamedGroup(input: Record<string, unknown>): string | undefined {
  if (LEAF_KEYS.some((key) => Object.hasOwn(input, key))) return undefined
  return Object.keys(input).find((key) => Array.isArray(input[key]))
}

function noGroup(name: string): string {
  return `There is no group ${quoted(name)}: all means that each must be met, any that one is enough. ${FORMS}`
}

function walkLeaf(input: Record<string, unknown>, pointer: string): Walk {
  const isPattern = input.operator === 'matches' && typeof input.value === 'string'
  const pattern = isPattern ? readPattern(String(input.value)) : undefined
  const patternSize = pattern?.kind === 'pattern' ? pattern.size : 0
  return { problems: leafProblems(input, pointer), leaves: 1, patternSize }
}

const FORMS = 'Expected: { "all": [...] }, { "any": [...] }, { "not": {...} } or { "fact", "operator", "value" }.'

function walkGroup(key: string, members: unknown, pointer: string, depth: number): Walk {
  if (key === 'not') {
    if (!Array.isArray(members)) return walk(members, pointer, depth + 1)
    return found(
      pointer,
      'It is a list, and "not" takes one condition. Wrap several in { "all": [...] } or { "any": [...] }.',
    )
  }
  if (!Array.isArray(members)) return found(pointer, `It is ${quoted(members)}. Expected: a list of conditions.`)
  if (members.length === 0) return found(pointer, 'The group is empty. Add a condition, or remove the group.')
  return together(members.map((member, index) => walk(member, pointerTo(pointer, index), depth + 1)))
}

function sideBySide(groups: readonly string[]): string {
  return `${groups.join(' and ')} stand side by side, and only one would count. Put one inside the other.`
}

function strangerInGroup(pointer: string, key: string): Problem {
  if (key !== 'priority') return unknownProperty(pointer, key, GROUP_KEYS)
  return {
    pointer: pointerTo(pointer, key),
    message: 'Conditions have no priority. Remove it: their order does not matter.',
  }
}

const NOTHING: Walk = { problems: [], leaves: 0, patternSize: 0 }

function found(pointer: string, message: string): Walk {
  return { ...NOTHING, problems: [{ pointer, message }] }
}

function together(walks: readonly Walk[]): Walk {
  return {
    problems: walks.flatMap((part) => part.problems),
    leaves: walks.reduce((sum, part) => sum + part.leaves, 0),
    patternSize: walks.reduce((sum, part) => sum + part.patternSize, 0),
  }
}
