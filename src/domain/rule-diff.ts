import { isJsonObject } from './json-object.ts'
import { pointerTo } from './problem.ts'
import type { RuleDocument } from './rule.ts'
import { inOrderTried } from './ruleset.ts'

/** One field that differs; `before` or `after` is undefined where there was none. */
export interface FieldChange {
  /** A JSON pointer into the rule: into the new one, or into the old one for what was removed. */
  readonly pointer: string
  readonly before: unknown
  readonly after: unknown
}

export interface RuleChange {
  readonly key: string
  readonly fields: readonly FieldChange[]
}

/** Places in the order tried among the rules of both sets; the first is 1. */
export interface RuleMove {
  readonly key: string
  readonly from: number
  readonly to: number
}

/** What is between two sets of rules; every list is in the order tried. */
export interface RuleDiff {
  readonly added: readonly RuleDocument[]
  readonly removed: readonly RuleDocument[]
  readonly changed: readonly RuleChange[]
  /** Rules of both sets that overtook one another, by a priority of their own that changed. */
  readonly reordered: readonly RuleMove[]
}

/** Compares two sets of rules by their keys, field by field. The order of properties does not matter. */
export function diffRules(before: readonly RuleDocument[], after: readonly RuleDocument[]): RuleDiff {
  const old = new Map(before.toSorted(inOrderTried).map((rule) => [rule.key, rule]))
  const now = new Map(after.toSorted(inOrderTried).map((rule) => [rule.key, rule]))
  const kept = [...now.values()].flatMap((rule) => {
    const was = old.get(rule.key)
    return was === undefined ? [] : [{ was, rule }]
  })
  return {
    added: [...now.values()].filter(({ key }) => !old.has(key)),
    removed: [...old.values()].filter(({ key }) => !now.has(key)),
    changed: kept
      .map(({ was, rule }) => ({ key: rule.key, fields: changes(was, rule, '') }))
      .filter(({ fields }) => fields.length > 0),
    reordered: moves(kept),
  }
}

function moves(kept: readonly { readonly was: RuleDocument; readonly rule: RuleDocument }[]): RuleMove[] {
  const places = new Map(
    kept.toSorted((a, b) => inOrderTried(a.was, b.was)).map(({ rule }, index) => [rule.key, index]),
  )
  return kept.flatMap(({ was, rule: { key, priority } }, index) => {
    const place = places.get(key) ?? index
    // The others only made way.
    return was.priority === priority || place === index ? [] : [{ key, from: place + 1, to: index + 1 }]
  })
}

function changes(before: unknown, after: unknown, pointer: string): FieldChange[] {
  if (isSame(before, after)) return []
  if (isJsonObject(before) && isJsonObject(after) && isSameKind(before, after))
    return recordChanges(before, after, pointer)
  if (hasParts(before) && hasParts(after)) return listChanges(before, after, pointer)
  return [{ pointer, before, after }]
}

/** A comparison that became a group, or one group another, has changed as a whole. */
function isSameKind(before: Record<string, unknown>, after: Record<string, unknown>): boolean {
  return KINDS.every((kind) => Object.hasOwn(before, kind) === Object.hasOwn(after, kind))
}

const KINDS = ['all', 'any', 'not', 'fact']

function recordChanges(
  before: Record<string, unknown>,
  after: Record<string, unknown>,
  pointer: string,
): FieldChange[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)])
  return [...names].flatMap((name) => changes(before[name], after[name], pointerTo(pointer, name)))
}

/** Lists of values, such as `["de", "at"]`, change as a whole; conditions, windows and tests each by itself. */
function hasParts(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value.every(isJsonObject)
}

/** What is the same at both ends is left out, so that one new condition in front is one change. */
function listChanges(before: readonly unknown[], after: readonly unknown[], pointer: string): FieldChange[] {
  const shorter = Math.min(before.length, after.length)
  let start = 0
  while (start < shorter && isSame(before[start], after[start])) start += 1
  let end = 0
  while (end < shorter - start && isSame(before.at(-1 - end), after.at(-1 - end))) end += 1
  const length = Math.max(before.length, after.length) - start - end
  const middle = (list: readonly unknown[], offset: number) =>
    start + offset < list.length - end ? list[start + offset] : undefined
  return Array.from({ length }, (_, offset) =>
    changes(middle(before, offset), middle(after, offset), pointerTo(pointer, start + offset)),
  ).flat()
}

function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => isSame(item, b[index]))
  }
  if (!isJsonObject(a) || !isJsonObject(b)) return false
  const names = Object.keys(a)
  return (
    names.length === Object.keys(b).length && names.every((name) => Object.hasOwn(b, name) && isSame(a[name], b[name]))
  )
}
