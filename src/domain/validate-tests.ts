import { MESSAGE_CHARACTERS_MAX } from './chat-snapshot.ts'
import type { FactDefinition, FactType } from './facts.ts'
import { TEXT_CHARACTERS_MAX } from './helpcrunch-values.ts'
import { isJsonObject } from './json-object.ts'
import { isMoment } from './moment.ts'
import { type Problem, pointerTo, quoted } from './problem.ts'
import { findNamedFact } from './validate-leaf.ts'

/** What a schema cannot say about a rule's tests, of any JSON: names used once, facts that exist, values that fit them. */
export function testsProblems(input: unknown): Problem[] {
  const tests: readonly unknown[] = Array.isArray(input) ? input : []
  const names = tests.map((test) => (isJsonObject(test) ? test.name : undefined))
  return tests.flatMap((test, index) => {
    if (!isJsonObject(test)) return []
    const pointer = `/tests/${index}`
    return [
      ...nameProblems(test.name, names.slice(0, index), pointer),
      ...factsProblems(test.facts, `${pointer}/facts`),
      ...momentProblems(test.at, pointer),
    ]
  })
}

function nameProblems(name: unknown, before: readonly unknown[], pointer: string): Problem[] {
  if (typeof name !== 'string' || !before.includes(name)) return []
  return [
    { pointer: `${pointer}/name`, message: `Another test is named ${quoted(name)} already. Give each its own name.` },
  ]
}

function momentProblems(at: unknown, pointer: string): Problem[] {
  if (typeof at !== 'string' || isMoment(at)) return []
  const message = `${quoted(at)} is no moment. Give one with its offset, such as "2026-03-02T10:00:00+01:00".`
  return [{ pointer: `${pointer}/at`, message }]
}

function factsProblems(facts: unknown, pointer: string): Problem[] {
  if (!isJsonObject(facts)) return []
  return Object.entries(facts).flatMap(([name, value]) => {
    const fact = findNamedFact(name)
    const message = fact.kind === 'problem' ? fact.message : factValueProblem(fact.definition, value)
    return message === undefined ? [] : [{ pointer: pointerTo(pointer, name), message }]
  })
}

function factValueProblem({ name, type }: FactDefinition, value: unknown): string | undefined {
  if (value === null) return `It is null. Leave ${name} out to say that it is unknown.`
  const { fits, expected } = FACT_VALUES[type]
  if (!fits(value)) return `It is ${quoted(value)}, and ${name} is ${expected}.`
  if (isBlank(value)) return `It is blank, which counts as unknown. Leave ${name} out to say so.`
  const parts: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (parts.some(isBlank)) return 'There is blank text in it, which counts for nothing. Take it out.'
  const charactersMax = name === 'message' ? MESSAGE_CHARACTERS_MAX : TEXT_CHARACTERS_MAX
  if (!parts.some((part) => typeof part === 'string' && part.length > charactersMax)) return undefined
  return `Of a real text only ${charactersMax} characters are kept. Shorten it to that.`
}

/** Real facts are never so: blank text is read as none. */
function isBlank(value: unknown): boolean {
  return typeof value === 'string' && value.trim() === ''
}

interface FactValueCheck {
  fits(value: unknown): boolean
  readonly expected: string
}

const FACT_VALUES: Record<FactType, FactValueCheck> = {
  text: { fits: isTextOrNumber, expected: 'text: give it in quotes' },
  number: { fits: (value) => Number.isFinite(value), expected: 'a number: give it without quotes' },
  boolean: { fits: (value) => typeof value === 'boolean', expected: 'true or false, without quotes' },
  list: { fits: isList, expected: 'a list: give texts or numbers in brackets, such as ["vip"]' },
  any: {
    fits: (value) => isTextOrNumber(value) || typeof value === 'boolean' || isList(value),
    expected: 'text, a number, true, false, or a list of texts and numbers',
  },
}

/** A text fact may hold a number where the account keeps one, as a plan or a user id. */
function isTextOrNumber(value: unknown): boolean {
  return typeof value === 'string' || Number.isFinite(value)
}

function isList(value: unknown): boolean {
  return Array.isArray(value) && value.every(isTextOrNumber)
}
