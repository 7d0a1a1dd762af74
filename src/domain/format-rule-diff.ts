import type { RuleDocument } from './rule.ts'
import type { FieldChange, RuleDiff } from './rule-diff.ts'

export interface DiffFormat {
  /** With ANSI colours: what is new green, what is gone red, what changed yellow. */
  readonly colour: boolean
}

/** The difference as lines to read, none when there is no difference: `+` new, `-` gone, `~` changed, `^` tried earlier or later. */
export function formatRuleDiff(diff: RuleDiff, { colour }: DiffFormat): string[] {
  const paint = (code: number, line: string) => (colour ? `\u001b[${code}m${line}\u001b[39m` : line)
  return [
    ...diff.added.map((rule) => paint(GREEN, `+ ${title(rule)}`)),
    ...diff.removed.map((rule) => paint(RED, `- ${title(rule)}`)),
    ...diff.changed.flatMap(({ key, fields }) => [
      paint(YELLOW, `~ ${key}`),
      ...fields.map((field) => paint(fieldColour(field), `    ${fieldLine(field)}`)),
    ]),
    ...diff.reordered.map(({ key, from, to }) => paint(YELLOW, `^ ${key} is tried at place ${to} instead of ${from}`)),
  ]
}

const RED = 31
const GREEN = 32
const YELLOW = 33
const VALUE_SHOWN_MAX = 200

function title({ key, name, status, priority, department }: RuleDocument): string {
  return `${key} ${shown(name)} (${status}, priority ${priority}, department ${department})`
}

function fieldLine({ pointer, before, after }: FieldChange): string {
  if (before === undefined) return `+ ${pointer}: ${shown(after)}`
  if (after === undefined) return `- ${pointer}: ${shown(before)}`
  return `${pointer}: ${shown(before)} -> ${shown(after)}`
}

function fieldColour({ before, after }: FieldChange): number {
  if (before === undefined) return GREEN
  return after === undefined ? RED : YELLOW
}

/** As JSON, which also keeps control characters of a rule's texts out of a terminal. */
function shown(value: unknown): string {
  const json = JSON.stringify(value)
  return json.length > VALUE_SHOWN_MAX ? `${json.slice(0, VALUE_SHOWN_MAX)}...` : json
}
