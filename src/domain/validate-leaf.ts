import { OPERATOR_NAMES, type OperatorName } from './conditions.ts'
import { FACTS, type FactDefinition, findFact } from './facts.ts'
import { operatorsFor } from './operator-fit.ts'
import { type Problem, pointerTo, quoted } from './problem.ts'
import { suggestion } from './suggestion.ts'
import { valueProblem } from './validate-leaf-value.ts'
import { unknownProperty } from './validate-structure.ts'

/** In conditions. */
export const FACT_NAME_LENGTH_MAX = 256

/** What is wrong with one comparison: its properties, its fact, its operator, whether the two go together, its value. */
export function leafProblems(leaf: Record<string, unknown>, pointer: string): Problem[] {
  const problems = Object.keys(leaf).flatMap((name) => propertyProblems(pointer, name))
  const fact = readFact(leaf.fact)
  if (fact.kind === 'problem') problems.push({ pointer: pointerTo(pointer, 'fact'), message: fact.message })
  const operator = readOperator(leaf.operator)
  if (operator.kind === 'problem') {
    return [...problems, { pointer: pointerTo(pointer, 'operator'), message: operator.message }]
  }
  const definition = fact.kind === 'fact' ? fact.definition : undefined
  const misfit = definition && misfitOf(definition, operator.name)
  if (misfit !== undefined) return [...problems, { pointer: pointerTo(pointer, 'operator'), message: misfit }]
  const message = valueProblem(operator.name, Object.hasOwn(leaf, 'value') ? leaf.value : undefined, definition?.type)
  return message === undefined ? problems : [...problems, { pointer: pointerTo(pointer, 'value'), message }]
}

const PROPERTIES: readonly string[] = ['fact', 'operator', 'value']

/** Properties that json-rules-engine would take, and why a rule here may not have them. */
const REFUSED = new Map([
  ['path', 'A fact has no path: its JSONPath could run code. Remove it; attributes are facts, such as custom.seats.'],
  ['params', 'Facts take no params. Remove it.'],
  ['priority', 'Conditions have no priority. Remove it: their order does not matter.'],
])

function propertyProblems(pointer: string, name: string): Problem[] {
  if (PROPERTIES.includes(name)) return []
  const message = REFUSED.get(name)
  return [
    message === undefined ? unknownProperty(pointer, name, PROPERTIES) : { pointer: pointerTo(pointer, name), message },
  ]
}

type FactReading = { kind: 'fact'; definition: FactDefinition } | { kind: 'problem'; message: string }

function readFact(name: unknown): FactReading {
  const expected = 'Expected: the name of a fact, such as "language", or custom.<attribute>.'
  if (name === undefined) return { kind: 'problem', message: `fact is missing. ${expected}` }
  if (typeof name !== 'string') return { kind: 'problem', message: `It is ${quoted(name)}. ${expected}` }
  if (name.length > FACT_NAME_LENGTH_MAX) return { kind: 'problem', message: `The name is too long. ${expected}` }
  return findNamedFact(name)
}

/** The fact of a name, or what to say about a name that is none, in conditions and in tests. */
export function findNamedFact(name: string): FactReading {
  const definition = findFact(name)
  if (definition === undefined) return { kind: 'problem', message: unknownFact(name) }
  const attribute = name.slice(name.indexOf('.') + 1)
  if (attribute === attribute.trim()) return { kind: 'fact', definition }
  // Attributes are read without such blanks, so it would be unknown for good.
  const message = `There is no fact ${quoted(name)}: no attribute's name begins or ends with a blank. Take it out.`
  return { kind: 'problem', message }
}

function unknownFact(name: string): string {
  const names = FACTS.map((fact) => fact.name)
  const hint = suggestion(name, names) || ` Facts: ${names.join(', ')}, custom.<attribute>.`
  return `There is no fact ${quoted(name)}.${hint}`
}

type OperatorReading = { kind: 'operator'; name: OperatorName } | { kind: 'problem'; message: string }

function readOperator(name: unknown): OperatorReading {
  const operators = `Operators: ${OPERATOR_NAMES.join(', ')}.`
  if (name === undefined) return { kind: 'problem', message: `operator is missing. ${operators}` }
  if (typeof name !== 'string') return { kind: 'problem', message: `It is ${quoted(name)}. ${operators}` }
  const known = OPERATOR_NAMES.find((operator) => operator === name)
  if (known !== undefined) return { kind: 'operator', name: known }
  const hint = suggestion(name, OPERATOR_NAMES) || ` ${operators}`
  return { kind: 'problem', message: `There is no operator ${quoted(name)}.${hint}` }
}

function misfitOf({ name, type }: FactDefinition, operator: OperatorName): string | undefined {
  const fitting = operatorsFor(type)
  if (fitting.includes(operator)) return undefined
  const kind = type === 'boolean' ? 'true or false' : `a ${type}`
  return `${operator} cannot apply to ${name}, which is ${type === 'text' ? 'text' : kind}. Use one of: ${fitting.join(', ')}.`
}
