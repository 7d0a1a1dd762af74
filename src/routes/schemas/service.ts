import { Type } from 'typebox'
import { OPERATOR_NAMES } from '../../domain/conditions.ts'
import { operatorsFor } from '../../domain/operator-fit.ts'
import { orNull, Time } from './operation.ts'

const CLOSED = { additionalProperties: false }
const Count = Type.Integer({ minimum: 0 })
const Word = Type.Enum(['ok', 'failing'])

/** Whether the service can do its work. */
export const Readiness = Type.Object(
  {
    status: Type.Enum(['ready', 'not_ready']),
    checks: Type.Object({ database: Word, queue: Word, draining: Type.Boolean() }, CLOSED),
  },
  CLOSED,
)

/** A department of HelpCrunch's. */
export const Department = Type.Object({ id: Type.Integer(), name: Type.String() }, CLOSED)

/** What rules may talk about. */
export const Fact = Type.Object(
  {
    name: Type.String(),
    type: Type.Enum(['text', 'number', 'boolean', 'list', 'any']),
    meaning: Type.String(),
    lookup: Type.Optional(
      Type.Enum(['customer', 'chat'], { description: 'What HelpCrunch is asked for when the event did not tell.' }),
    ),
    operators: Type.Array(Type.Enum([...OPERATOR_NAMES]), { description: 'Those that can apply to it.' }),
    values: Type.Array(
      Type.Object({ value: Type.Union([Type.String(), Type.Number(), Type.Boolean()]), count: Count }, CLOSED),
      { description: 'Seen lately, the most frequent first; none where they are personal.' },
    ),
  },
  CLOSED,
)

const ShadowRule = Type.Object(
  { rule: Type.String(), matched: Count, wouldHaveWon: Count, agreed: Count, differed: Count, unknown: Count },
  CLOSED,
)

const Shadow = Type.Object(
  {
    decisions: Type.Integer({ description: 'How many of the newest decisions were compared.' }),
    rules: Type.Array(ShadowRule, {
      description:
        'Of each rule with the status `shadow`. `wouldHaveWon`: had it been enabled; of these it `agreed` with the department that was chosen, or `differed`. `unknown`: it, or who won, hung on a fact that was not looked up.',
    }),
    service: Type.Object(
      { decisions: Count, agreed: Count, differed: Count, unknown: Count },
      {
        ...CLOSED,
        description:
          'Of decisions with the outcome `shadow`: whether the chat is where it would have been moved, as its newest `chat.*` event since then tells. `unknown`: none has come.',
      },
    ),
  },
  { ...CLOSED, description: 'What shadows would have done, against what was done.' },
)

const Queue = Type.Object(
  {
    waitingEvents: Type.Integer({ minimum: 0, description: 'Events that wait to be decided, or for a look-up.' }),
    oldestWaitingMs: orNull(Type.Number(), 'Since the oldest of them was received; null when none waits.'),
    pendingDecisions: Type.Integer({ minimum: 0, description: 'Decisions that wait for their call.' }),
    readyJobs: Type.Integer({
      minimum: 0,
      description: 'Jobs that could start now, those held back by the budget included.',
    }),
  },
  CLOSED,
)

const Budget = Type.Object(
  {
    limit: Type.Integer({ description: 'Calls a minute.' }),
    used: Type.Integer({ description: 'Calls during the last 60 seconds, of all replicas.' }),
    pausedUntil: orNull(Time, 'Null when no call is held back.'),
    pauseReason: orNull(Type.String(), '`unauthorized` or `throttled`.'),
  },
  CLOSED,
)

/** What was decided in a time range, and how the queue and the budget are now. */
export const Stats = Type.Object(
  {
    from: Time,
    to: Time,
    decisions: Count,
    outcomes: Type.Array(Type.Object({ outcome: Type.String(), count: Count }, CLOSED)),
    departments: Type.Array(Type.Object({ department: orNull(Type.Integer()), count: Count }, CLOSED), {
      description: 'By the department that was chosen; null is none.',
    }),
    rules: Type.Array(Type.Object({ rule: orNull(Type.String()), count: Count }, CLOSED), {
      description: 'By the rule that won; null is none.',
    }),
    hours: Type.Array(Type.Object({ hour: Time, count: Count }, CLOSED), {
      description: 'By the beginning of the hour, in UTC; hours without a decision are left out.',
    }),
    shadow: Shadow,
    queue: Queue,
    budget: Budget,
  },
  CLOSED,
)

/** A quiet day. */
export const STATS_EXAMPLE = {
  from: '2026-03-01T09:15:00.000Z',
  to: '2026-03-02T09:15:00.000Z',
  decisions: 2,
  outcomes: [{ outcome: 'applied', count: 2 }],
  departments: [{ department: 233048, count: 2 }],
  rules: [{ rule: 'german-vip', count: 2 }],
  hours: [{ hour: '2026-03-02T09:00:00.000Z', count: 2 }],
  shadow: { decisions: 0, rules: [], service: { decisions: 0, agreed: 0, differed: 0, unknown: 0 } },
  queue: { waitingEvents: 0, oldestWaitingMs: null, pendingDecisions: 0, readyJobs: 0 },
  budget: { limit: 110, used: 4, pausedUntil: null, pauseReason: null },
}

/** What rules may say of the plan. */
export const FACT_EXAMPLE = {
  name: 'plan',
  type: 'text',
  lookup: 'customer',
  meaning: 'The custom attribute named by PLAN_FIELD.',
  operators: operatorsFor('text'),
  values: [{ value: 'pro', count: 31 }],
}
