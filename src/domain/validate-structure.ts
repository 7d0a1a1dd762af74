import type { TSchema } from 'typebox'
import type { TLocalizedValidationError } from 'typebox/error'
import { Settings } from 'typebox/system'
import { Errors } from 'typebox/value'
import { isJsonObject } from './json-object.ts'
import { type Problem, pointerTo, quoted } from './problem.ts'
import { suggestion } from './suggestion.ts'

/** What does not fit the schema. What to do about it is the `description` that the schema has for the place. */
export function structureProblems(schema: TSchema, input: unknown): Problem[] {
  return allErrors(schema, input).flatMap((error) => problemsOf(error, schema, input))
}

/** TypeBox stops at 8 errors and knows no argument for that, only a setting of the process. All of this is synchronous. */
function allErrors(schema: TSchema, input: unknown): TLocalizedValidationError[] {
  const { maxErrors } = Settings.Get()
  Settings.Set({ maxErrors: Number.POSITIVE_INFINITY })
  try {
    return Errors(schema, input)
  } finally {
    Settings.Set({ maxErrors })
  }
}

function problemsOf(error: TLocalizedValidationError, schema: TSchema, input: unknown): Problem[] {
  const { instancePath, schemaPath } = error
  // Both repeat what another error says: the unknown property's own `false`, and the branches of a union that failed.
  if (error.keyword === 'boolean' || schemaPath.includes('/anyOf/')) return []
  if (error.keyword === 'additionalProperties') {
    const known = Object.keys(propertiesAt(schema, schemaPath))
    return error.params.additionalProperties.map((name) => unknownProperty(instancePath, name, known))
  }
  if (error.keyword === 'required') {
    const properties = propertiesAt(schema, schemaPath)
    return error.params.requiredProperties.map((name) => ({
      pointer: pointerTo(instancePath, name),
      message: `${name} is missing.${expected(descriptionOf(properties[name]))}`,
    }))
  }
  const wrong = whatIsWrong(error, valueAt(input, instancePath))
  return [{ pointer: instancePath, message: `${wrong}${expected(descriptionAt(schema, schemaPath))}` }]
}

/** The problem of a property that the document does not have, with what it may have been meant to be. */
export function unknownProperty(pointer: string, name: string, known: readonly string[]): Problem {
  const hint = suggestion(name, known) || ` Remove it; known here: ${known.join(', ')}.`
  return { pointer: pointerTo(pointer, name), message: `There is no property ${quoted(name)} here.${hint}` }
}

function whatIsWrong(error: TLocalizedValidationError, value: unknown): string {
  switch (error.keyword) {
    case 'enum': {
      const allowed = error.params.allowedValues.map(String)
      return `It is ${quoted(value)}.${typeof value === 'string' ? suggestion(value, allowed) : ''}`
    }
    case 'uniqueItems':
      return 'It names something twice.'
    case 'minItems':
      return 'It is empty.'
    case 'maxItems':
      return 'It has too many entries.'
    case 'maxLength':
      return 'It is too long.'
    default:
      return `It is ${quoted(value)}.`
  }
}

function expected(description: string | undefined): string {
  if (description === undefined) return ''
  return ` Expected: ${description.charAt(0).toLowerCase()}${description.slice(1)}`
}

/** The description of the innermost schema on the way that has one. */
function descriptionAt(schema: TSchema, schemaPath: string): string | undefined {
  return nodesAlong(schema, schemaPath)
    .map(descriptionOf)
    .findLast((description) => description !== undefined)
}

/** What a schema says that a value is. */
export function descriptionOf(node: unknown): string | undefined {
  return isJsonObject(node) && typeof node.description === 'string' ? node.description : undefined
}

function propertiesAt(schema: TSchema, schemaPath: string): Record<string, unknown> {
  const node = nodesAlong(schema, schemaPath).at(-1)
  return isJsonObject(node) && isJsonObject(node.properties) ? node.properties : {}
}

function valueAt(input: unknown, pointer: string): unknown {
  return nodesAlong(input, pointer).at(-1)
}

/** The nodes that a JSON pointer passes, the root first. */
function nodesAlong(root: unknown, pointer: string): unknown[] {
  const nodes = [root]
  for (const step of pointer.split('/').slice(1)) {
    const node = nodes.at(-1)
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~')
    nodes.push(
      typeof node === 'object' && node !== null && Object.hasOwn(node, name) ? Reflect.get(node, name) : undefined,
    )
  }
  return nodes
}
