import { type Static, type TSchema, Type } from 'typebox'

const CLOSED = { additionalProperties: false }

/** None that is blank: a fact never is, since blank text is read as none. */
const Text = Type.String({ maxLength: 256, pattern: '\\S' })
/** None that is rounded when it is read: an id would become another one. */
const ExactNumber = Type.Number({ minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER })
const TextOrNumber = Type.Union([Text, ExactNumber])
const FactName = Type.String({
  minLength: 1,
  maxLength: 256,
  description: 'The name of a fact, for example "language" or "custom.seats".',
})

const SameLeaf = leafSchema(
  ['equal', 'notEqual'],
  Type.Union([Text, ExactNumber, Type.Boolean()], {
    description: 'text of 1 to 256 characters, a number, true or false (blank text counts as unknown: use missing)',
  }),
)
const OrderLeaf = leafSchema(
  ['lessThan', 'lessThanInclusive', 'greaterThan', 'greaterThanInclusive'],
  Type.Union([Type.Number(), Type.String({ maxLength: 256, pattern: '^\\s*-?[0-9]+(\\.[0-9]+)?\\s*$' })], {
    description: 'a number',
  }),
)
const ListLeaf = leafSchema(
  ['in', 'notIn', 'containsAny', 'containsAll', 'containsNone'],
  Type.Array(TextOrNumber, {
    minItems: 1,
    maxItems: 100,
    description: 'a list of 1 to 100 values, each a number or text of 1 to 256 characters that is not blank',
  }),
)
const MemberLeaf = leafSchema(
  ['contains', 'doesNotContain'],
  Type.Union([Text, ExactNumber], {
    description:
      'one number or text of 1 to 256 characters that is not blank (for several there are containsAny and containsAll)',
  }),
)
const TextLeaf = leafSchema(
  ['startsWith', 'endsWith', 'includesText', 'includesWord', 'matches'],
  Type.String({ maxLength: 256, pattern: '\\S', description: 'text of 1 to 256 characters that is not blank' }),
)
const RangeLeaf = leafSchema(
  ['between'],
  Type.Tuple([Type.Number(), Type.Number()], { description: 'a list of two numbers, the smaller one first' }),
)
const PresenceLeaf = leafSchema(
  ['exists', 'missing'],
  Type.Optional(Type.Literal(true, { description: 'no value, or true' })),
)

/** One schema for each shape of `value`; between them they name every operator once. */
export const LEAF_SCHEMAS = [SameLeaf, OrderLeaf, ListLeaf, MemberLeaf, TextLeaf, RangeLeaf, PresenceLeaf] as const

/** `{ fact, operator, value }`: a comparison of one fact. */
export type Leaf = Static<(typeof LEAF_SCHEMAS)[number]>
export type OperatorName = Leaf['operator']

/** Every operator, in the order of `LEAF_SCHEMAS`. */
export const OPERATOR_NAMES: readonly OperatorName[] = LEAF_SCHEMAS.flatMap((schema) => schema.properties.operator.enum)

/** A tree of `all`, `any`, `not` and leaves. By hand, since TypeBox's own type of a recursive schema ends in `any`. */
export type Conditions = { all: Conditions[] } | { any: Conditions[] } | { not: Conditions } | Leaf

const Nested = Type.Ref('Conditions')
const Members = Type.Array(Nested, { minItems: 1, maxItems: 100 })

/**
 * json-rules-engine's own form, less what could harm (`path`, `params`, `priority`) or mislead (an empty group).
 * Ajv takes it only once within one schema, because the recursion has an `$id`.
 */
export const Conditions = Type.Unsafe<Conditions>(
  Type.Cyclic(
    {
      Conditions: Type.Union([
        Type.Object({ all: Members }, CLOSED),
        Type.Object({ any: Members }, CLOSED),
        Type.Object({ not: Nested }, CLOSED),
        ...LEAF_SCHEMAS,
      ]),
    },
    'Conditions',
    { description: '{ "all": [...] }, { "any": [...] }, { "not": {...} } or { "fact", "operator", "value" }.' },
  ),
)

function leafSchema<Operators extends string[], Value extends TSchema>(operators: [...Operators], value: Value) {
  return Type.Object({ fact: FactName, operator: Type.Enum(operators), value }, CLOSED)
}
