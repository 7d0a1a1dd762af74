import { type Static, Type } from 'typebox'
import type { PresentFacts } from '../facts.ts'
import { EVENT_TYPES_ROUTABLE, RuleTest } from '../rule.ts'

const CLOSED = { additionalProperties: false }

/** What the analysis can find. */
export const WarningCode = Type.Enum(
  [
    'never_matches',
    'always_matches',
    'never_reached',
    'order_decides',
    'redundant_condition',
    'unknown_department',
    'value_never_seen',
  ],
  { description: 'What kind of warning it is.' },
)
export type WarningCode = Static<typeof WarningCode>

/** An example chat that shows what a warning says; its facts can be given to a simulation as they are. */
export const Witness = Type.Object(
  {
    event: Type.Enum([...EVENT_TYPES_ROUTABLE], { description: 'The event on which the chat is routed.' }),
    at: Type.Union([Type.String({ format: 'date-time' }), Type.Null()], {
      description: 'When the event happens; null where no schedule matters.',
    }),
    facts: Type.Unsafe<PresentFacts>(RuleTest.properties.facts),
  },
  { ...CLOSED, description: 'An example chat that shows it.' },
)
export type Witness = Static<typeof Witness>

/** Something about a rule that is likely not meant. It never keeps a rule from being stored. */
export const RuleWarning = Type.Object(
  {
    rule: Type.String({ description: "The rule's key." }),
    code: WarningCode,
    pointer: Type.String({ description: 'The JSON pointer of the place in the rule document.' }),
    message: Type.String({ description: 'What it means and what to do, in a plain sentence or two.' }),
    certainty: Type.Enum(['certain', 'may'], {
      description: 'certain: proven. may: it hangs on words, patterns or values that cannot be foreseen.',
    }),
    others: Type.Array(Type.String(), { description: 'The keys of the other rules it is about, in the order tried.' }),
    witness: Type.Union([Witness, Type.Null()], { description: 'An example that shows it; null when none was found.' }),
  },
  { ...CLOSED, description: 'A warning about a rule.' },
)
export type RuleWarning = Static<typeof RuleWarning>
