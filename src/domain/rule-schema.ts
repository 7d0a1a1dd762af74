import { FACTS } from './facts.ts'
import { isJsonObject } from './json-object.ts'
import { RuleDocument } from './rule.ts'

/**
 * The JSON Schema of rule files, `rules/rule.schema.json`: made from the schema that validates them, so that editors
 * complete and check what the service accepts. What a schema cannot say is left to `npm run rules -- lint`.
 */
export function ruleJsonSchema(): unknown {
  const { conditions, ...properties } = plain(RuleDocument.properties)
  const { $defs, $ref: _ref, ...described } = isJsonObject(conditions) ? conditions : {}
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'A routing rule of helpcrunch-router',
    ...plain(RuleDocument),
    properties: { ...properties, conditions: { ...described, $ref: '#/$defs/Conditions' } },
    $defs: { ...definitions($defs), Fact: FACT },
  }
}

/** TypeBox keeps what is its own under keys that JSON does not show. */
function plain(schema: object): Record<string, unknown> {
  return JSON.parse(JSON.stringify(schema))
}

/** Facts can be completed by name, with their meaning. */
const FACT = {
  description: 'The name of a fact.',
  anyOf: [
    ...FACTS.map(({ name, meaning }) => ({ const: name, description: meaning })),
    { type: 'string', pattern: '^custom\\..', maxLength: 256, description: 'A custom attribute: custom.<attribute>.' },
  ],
}

/** The recursion is spelt in the one way that every editor follows, and facts are named. */
function definitions(node: unknown): Record<string, unknown> {
  if (!isJsonObject(node)) return {}
  const entries = Object.entries(node).filter(([name]) => name !== '$id')
  return Object.fromEntries(
    entries.map(([name, value]) => {
      if (name === '$ref') return [name, `#/$defs/${String(value)}`]
      if (name === 'fact') return [name, { $ref: '#/$defs/Fact' }]
      return [name, Array.isArray(value) ? value.map(adapt) : adapt(value)]
    }),
  )
}

function adapt(value: unknown): unknown {
  return isJsonObject(value) ? definitions(value) : value
}
