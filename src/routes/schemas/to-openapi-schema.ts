import { isJsonObject } from '../../domain/json-object.ts'

/** A schema in the words of JSON Schema 2020-12, which OpenAPI 3.1 speaks: plain, with every reference to a named schema of the document. */
export type OpenapiSchema = Readonly<Record<string, unknown>>

const NAMED = '#/components/schemas/'

/** Puts one of our schemas into a document. Where it is recursive its root has to be a named schema of the document too. */
export function toOpenapiSchema(schema: object): OpenapiSchema {
  const { $defs, $id: _id, $ref, items, additionalItems, ...rest } = { ...schema } as Readonly<Record<string, unknown>> // every schema is an object of keywords
  if (typeof $ref === 'string') return { $ref: NAMED + $ref }
  const converted = Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, convert(name, value)]))
  // A list of items was a tuple up to draft 7.
  if (Array.isArray(items)) return { ...converted, prefixItems: items.map(toOpenapiSchema), items: additionalItems }
  return isJsonObject(items) ? { ...converted, items: toOpenapiSchema(items) } : converted
}

/** What a reference to a recursive schema stands for: its root. Any other schema is its own root. */
export function rootOf(schema: object): object {
  const { $defs, $ref } = { ...schema } as Readonly<Record<string, unknown>> // every schema is an object of keywords
  const root = isJsonObject($defs) ? $defs[String($ref)] : undefined
  return isJsonObject(root) ? root : schema
}

/** Only some keywords hold schemas; a rule may well have a property of the name of a keyword. */
function convert(keyword: string, value: unknown): unknown {
  switch (keyword) {
    case 'properties':
    case 'patternProperties':
      if (!isJsonObject(value)) return value
      return Object.fromEntries(
        Object.entries(value).map(([name, nested]) => [name, isJsonObject(nested) ? toOpenapiSchema(nested) : nested]),
      )
    case 'anyOf':
    case 'oneOf':
    case 'allOf':
      return Array.isArray(value) ? value.map(toOpenapiSchema) : value
    case 'additionalProperties':
    case 'not':
      return isJsonObject(value) ? toOpenapiSchema(value) : value
    default:
      return value
  }
}
