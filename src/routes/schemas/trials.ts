import { Type } from 'typebox'
import { Decision, EXPLANATION_EXAMPLE } from './decisions.ts'
import { orNull, Time } from './operation.ts'

const CLOSED = { additionalProperties: false }
const { department, mode, outcome, reason, rule, rulesetVersion } = Decision.properties

const MissedCondition = Type.Object(
  {
    pointer: Type.String(),
    fact: Type.String(),
    operator: Type.String(),
    value: Type.Unknown(),
    actual: Type.Unknown({ description: 'What the fact was; null when it was unknown.' }),
  },
  CLOSED,
)

const NearMiss = Type.Object(
  {
    rule: Type.String(),
    away: Type.Integer({ description: 'How many conditions would have to come out otherwise.' }),
    conditions: Type.Array(MissedCondition),
    message: Type.String({ description: 'The same as a sentence.' }),
  },
  CLOSED,
)

const SimulatedDecision = Type.Object(
  {
    outcome: Type.Enum(['pending', 'unchanged', 'no_match', 'skipped', 'shadow', 'unknown'], {
      description: 'pending: the chat would be moved. unknown: it hangs on facts that were not looked up then.',
    }),
    reason: orNull(Type.String()),
    mode,
    rule: orNull(
      Type.Object({ key: Type.String(), version: orNull(Type.Integer()) }, CLOSED),
      'The rule that would win; its version is null when the request brought it along.',
    ),
    department,
    rulesetVersion: orNull(Type.Integer(), 'Null for rules that the request brought along.'),
  },
  CLOSED,
)

/** What would be decided, and why. */
export const Simulation = Type.Object(
  {
    decision: SimulatedDecision,
    missing: Type.Array(Type.String(), { description: 'The facts that an unknown decision hangs on.' }),
    misses: Type.Array(NearMiss, { description: 'The rules that came nearest to matching, the nearest first.' }),
    explanation: Type.Array(Type.Ref('RuleExplanation')),
    event: Type.String(),
    at: Time,
    facts: Type.Ref('Facts'),
    recorded: orNull(
      Type.Object({ outcome, reason, rule, department, rulesetVersion }, CLOSED),
      'The decision as it was made; null when facts were given.',
    ),
  },
  CLOSED,
)

const Choice = Type.Object({ rule: orNull(Type.String()), department: orNull(Type.Integer()) }, CLOSED)
const Count = Type.Integer({ minimum: 0 })

/** What given rules would have made of past decisions. */
export const Backtest = Type.Object(
  {
    decisions: Count,
    moved: Type.Integer({ description: 'For so many of them another department is chosen.' }),
    unknown: Type.Integer({ description: 'So many hang on facts that were not looked up then.' }),
    missing: Type.Array(Type.Object({ fact: Type.String(), count: Count }, CLOSED)),
    transitions: Type.Array(
      Type.Object({ from: orNull(Type.Integer()), to: orNull(Type.Integer()), count: Count }, CLOSED),
      { description: 'The most frequent first; null is "left where it is".' },
    ),
    byRule: Type.Array(
      Type.Object(
        {
          rule: Type.String(),
          matched: Count,
          wonBefore: Count,
          wonNow: Count,
          gained: Count,
          lost: Count,
          unknown: Count,
        },
        CLOSED,
      ),
      {
        description:
          'In the order tried; rules that won then and are gone now come last. `matched`: the rule fits, whether or not it wins. `gained`: it wins now, and did not then; `lost`: the other way round. `unknown`: nobody can tell who wins, as it hangs on a fact that was not looked up then.',
      },
    ),
    samples: Type.Array(
      Type.Object({ decisionId: Type.String(), chatId: Type.Integer(), from: Choice, to: Choice }, CLOSED),
      { description: 'At most 20 decisions that would come out otherwise.' },
    ),
  },
  CLOSED,
)

/** German on the Pro plan, by a rule that asks for the language. */
export const SIMULATION_EXAMPLE = {
  decision: {
    outcome: 'pending',
    reason: null,
    mode: 'live',
    rule: { key: 'german-vip', version: 3 },
    department: { from: null, to: 233048 },
    rulesetVersion: 17,
  },
  missing: [],
  misses: [],
  explanation: [EXPLANATION_EXAMPLE],
  event: 'chat.new',
  at: '2026-03-02T09:15:00.000Z',
  facts: { event: 'chat.new', language: 'de', plan: 'Pro' },
  recorded: null,
}

/** One chat of a thousand would go elsewhere. */
export const BACKTEST_EXAMPLE = {
  decisions: 1000,
  moved: 1,
  unknown: 0,
  missing: [],
  transitions: [{ from: 233047, to: 233048, count: 1 }],
  byRule: [{ rule: 'german-vip', matched: 31, wonBefore: 30, wonNow: 31, gained: 1, lost: 0, unknown: 0 }],
  samples: [
    {
      decisionId: '42',
      chatId: 501,
      from: { rule: null, department: 233047 },
      to: { rule: 'german-vip', department: 233048 },
    },
  ],
}
