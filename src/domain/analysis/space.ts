import { type FactValue, findFact } from '../facts.ts'
import type { PreparedLeaf } from '../prepared-conditions.ts'
import type { Schedule } from '../rule.ts'
import { comparisonKey, normalText, wordsOf } from '../text.ts'
import { classesOf, type FactClass } from './fact-classes.ts'
import type { Dimension, Formula } from './formula.ts'
import { createWeeks, type WeekPart } from './week.ts'

/** A fact: which class its value is of. */
export interface FactPart {
  readonly kind: 'fact'
  readonly dimension: Dimension
  readonly name: string
  readonly classes: readonly FactClass[]
}

/** Whether a list has a member, as the first rule that mentions it spells it. */
export interface MemberPart {
  readonly kind: 'member'
  readonly dimension: Dimension
  readonly fact: string
  readonly value: string | number
}

/** Whether a value that no rule mentions passes a test for words or a pattern. Every such test is taken to be free. */
export interface TextPart {
  readonly kind: 'text'
  readonly dimension: Dimension
  readonly leaf: PreparedLeaf
}

export type Part = FactPart | MemberPart | TextPart | WeekPart

/** Everything about a chat that rules can tell apart. */
export interface Space {
  /** By the index of their dimension. */
  readonly parts: readonly Part[]
  fact(name: string): FactPart
  member(fact: string, value: string | number): Dimension
  text(leaf: PreparedLeaf): Dimension
  /** That a window of the schedule is open, `outside` aside. */
  windowsOpen(schedule: Schedule): Formula
}

/** The classes of a dimension that is either so or not. */
export const NOT_SO = 0b01n
export const SO = 0b10n

/**
 * The space that the comparisons and schedules of some rules span; only the facts in these, and these schedules, may be
 * asked for. The time in one zone is taken to be free of the time in another.
 */
export function createSpace(
  leaves: readonly PreparedLeaf[],
  schedules: readonly Schedule[],
  seenValues: ReadonlyMap<string, readonly FactValue[]>,
): Space {
  const parts: Part[] = []
  const facts = new Map<string, FactPart>()
  for (const [name, compared] of Map.groupBy(leaves, ({ leaf }) => leaf.fact)) {
    const part = createFactPart(parts.length, name, compared, seenValues.get(name) ?? [])
    facts.set(name, part)
    parts.push(part)
  }
  const weeks = createWeeks(schedules, parts.length)
  parts.push(...weeks.parts)
  const flags = new Map<string, Dimension>()
  function flag(identity: string, create: (dimension: Dimension) => Part): Dimension {
    const known = flags.get(identity)
    if (known !== undefined) return known
    const dimension = { index: parts.length, every: NOT_SO | SO }
    flags.set(identity, dimension)
    parts.push(create(dimension))
    return dimension
  }
  return {
    parts,
    fact: (name) => known(facts, name),
    member: (fact, value) =>
      flag(JSON.stringify([fact, comparisonKey(value)]), (dimension) => ({ kind: 'member', dimension, fact, value })),
    text: (leaf) => flag(identityOf(leaf), (dimension) => ({ kind: 'text', dimension, leaf })),
    windowsOpen: weeks.windowsOpen,
  }
}

/** All parts of the space as bits of what each may be. */
export function everything(space: Space): bigint[] {
  return space.parts.map((part) => part.dimension.every)
}

function createFactPart(
  index: number,
  name: string,
  compared: readonly PreparedLeaf[],
  seen: readonly FactValue[],
): FactPart {
  const fact = findFact(name)
  if (fact === undefined) throw new Error(`There is no fact "${name}".`)
  const leaves = compared.map(({ leaf }) => leaf)
  const classes = classesOf(fact, leaves, seen)
  return { kind: 'fact', dimension: { index, every: (1n << BigInt(classes.length)) - 1n }, name, classes }
}

function known(facts: ReadonlyMap<string, FactPart>, name: string): FactPart {
  const part = facts.get(name)
  if (part === undefined) throw new Error(`No rule asks about the fact "${name}".`)
  return part
}

/** The same for all tests that cannot come out differently. */
function identityOf({ leaf: { fact, operator, value } }: PreparedLeaf): string {
  const text = String(value)
  if (operator === 'matches') return JSON.stringify([fact, operator, text])
  return JSON.stringify([fact, operator, operator === 'includesWord' ? wordsOf(text) : normalText(text)])
}
