import { type Static, Type } from 'typebox'
import { OPERATOR_NAMES } from './conditions.ts'
import { MatchResult, RuleStatus } from './rule.ts'

const CLOSED = { additionalProperties: false }

const Pointer = Type.String({ description: 'The JSON pointer of the condition in the rule document.' })
const ListOfValues = Type.Array(Type.Union([Type.String(), Type.Number()]))
const Value = Type.Union([Type.String(), Type.Number(), Type.Boolean(), ListOfValues])

const LeafExplanation = Type.Object(
  {
    pointer: Pointer,
    fact: Type.String(),
    operator: Type.Enum([...OPERATOR_NAMES]),
    value: Value,
    actual: Type.Union([Value, Type.Null()], { description: 'What the fact was; null when it was unknown.' }),
    result: MatchResult,
  },
  CLOSED,
)
export type LeafExplanation = Static<typeof LeafExplanation>

/** How each condition came out, in the shape of the rule's own tree. By hand for the same reason as `Conditions`. */
export type ConditionExplanation =
  | { pointer: string; all: ConditionExplanation[]; result: MatchResult }
  | { pointer: string; any: ConditionExplanation[]; result: MatchResult }
  | { pointer: string; not: ConditionExplanation; result: MatchResult }
  | LeafExplanation

const Nested = Type.Ref('ConditionExplanation')

export const ConditionExplanation = Type.Unsafe<ConditionExplanation>(
  Type.Cyclic(
    {
      ConditionExplanation: Type.Union([
        Type.Object({ pointer: Pointer, all: Type.Array(Nested), result: MatchResult }, CLOSED),
        Type.Object({ pointer: Pointer, any: Type.Array(Nested), result: MatchResult }, CLOSED),
        Type.Object({ pointer: Pointer, not: Nested, result: MatchResult }, CLOSED),
        LeafExplanation,
      ]),
    },
    'ConditionExplanation',
  ),
)

/** Why one rule did or did not win: `why` is a sentence for a support lead, `conditions` the whole tree. */
export const RuleExplanation = Type.Object(
  {
    rule: Type.String({ description: "The rule's key." }),
    status: RuleStatus,
    result: Type.Enum(['match', 'no_match', 'unknown', 'not_considered']),
    why: Type.String(),
    conditions: ConditionExplanation,
  },
  CLOSED,
)
export type RuleExplanation = Static<typeof RuleExplanation>
