import type { Conditions } from '../domain/conditions.ts'
import { FACTS, type PresentFacts } from '../domain/facts.ts'
import { RuleDocument, RuleTest, Schedule } from '../domain/rule.ts'

/** A rule as a file: the order of keys is always the same, and the layout is what the formatter of this project writes. */
export function ruleText(rule: RuleDocument): string {
  return `${layOut(inOrder(rule), 0, LINE_WIDTH)}\n`
}

function inOrder(rule: RuleDocument): object {
  const { conditions, schedule, tests } = rule
  return pick(RuleDocument, {
    ...rule,
    conditions: conditionsInOrder(conditions),
    ...(schedule !== undefined && { schedule: scheduleInOrder(schedule) }),
    ...(tests !== undefined && {
      tests: tests.map((test) => pick(RuleTest, { ...test, facts: factsInOrder(test.facts) })),
    }),
  })
}

/** The members in the order in which the schema names them. */
function pick(schema: { readonly properties: object }, value: Readonly<Record<string, unknown>>): object {
  const names = Object.keys(schema.properties).filter((name) => value[name] !== undefined)
  return Object.fromEntries(names.map((name) => [name, value[name]]))
}

function conditionsInOrder(conditions: Conditions): object {
  if ('all' in conditions) return { all: conditions.all.map(conditionsInOrder) }
  if ('any' in conditions) return { any: conditions.any.map(conditionsInOrder) }
  if ('not' in conditions) return { not: conditionsInOrder(conditions.not) }
  const { fact, operator } = conditions
  return { fact, operator, ...('value' in conditions && { value: conditions.value }) }
}

function scheduleInOrder(schedule: Schedule): object {
  return pick(Schedule, { ...schedule, windows: schedule.windows.map(({ days, from, to }) => ({ days, from, to })) })
}

/** The order in which people read facts; custom attributes come last, by name. */
function factsInOrder(facts: PresentFacts): object {
  const place = (name: string) => {
    const index = FACTS.findIndex((fact) => fact.name === name)
    return index === -1 ? FACTS.length : index
  }
  const entries = Object.entries(facts).toSorted(([a], [b]) => place(a) - place(b) || (a < b ? -1 : 1))
  return Object.fromEntries(entries)
}

const LINE_WIDTH = 120

/**
 * JSON as Biome formats it, so that exported files pass the same check as written ones: each member of an object on its
 * own line, a list of plain values on one line where it fits. `room` is what is left of the line.
 */
function layOut(value: unknown, depth: number, room: number): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const indent = '  '.repeat(depth + 1)
  const end = `\n${'  '.repeat(depth)}`
  if (!Array.isArray(value)) {
    const members = Object.entries(value).map(([name, member], index, { length }) => {
      const label = `${indent}${JSON.stringify(name)}: `
      return label + layOut(member, depth + 1, LINE_WIDTH - label.length - commaAfter(index, length))
    })
    return members.length === 0 ? '{}' : `{\n${members.join(',\n')}${end}}`
  }
  const items = value.map((item) => layOut(item, depth + 1, LINE_WIDTH))
  const line = `[${items.join(', ')}]`
  if (line.length <= room && value.every((item) => typeof item !== 'object')) return line
  const isNumeric = value.every((item) => typeof item === 'number')
  return `[\n${isNumeric ? filled(items, indent) : indent + items.join(`,\n${indent}`)}${end}]`
}

/** Numbers stand side by side, as many as a line takes. */
function filled(items: readonly string[], indent: string): string {
  const lines: string[] = []
  for (const [index, item] of items.entries()) {
    const last = lines.at(-1)
    const longer = `${last}, ${item}`
    if (last !== undefined && longer.length + commaAfter(index, items.length) <= LINE_WIDTH) {
      lines[lines.length - 1] = longer
    } else lines.push(indent + item)
  }
  return lines.join(',\n')
}

/** How long the comma is that follows an item. */
function commaAfter(index: number, length: number): 0 | 1 {
  return index === length - 1 ? 0 : 1
}
