import { Type } from 'typebox'
import { orNull, Time } from './operation.ts'

const CLOSED = { additionalProperties: false }
const DepartmentId = orNull(Type.Integer())

/** Every outcome of a decision, `pending` first. */
export const Outcome = Type.Enum(
  ['pending', 'applied', 'unchanged', 'no_match', 'skipped', 'shadow', 'rejected', 'failed'],
  { description: 'Each but pending is final.' },
)

const RuleOfDecision = orNull(
  Type.Object({ key: Type.String(), version: Type.Integer() }, CLOSED),
  'The rule that won; null when none did.',
)
const Move = Type.Object(
  { from: DepartmentId, to: DepartmentId },
  { ...CLOSED, description: 'Where the chat was, and where it should go; null is none.' },
)

/** A decision in a list. */
export const Decision = Type.Object(
  {
    id: Type.String(),
    eventId: Type.String(),
    eventType: Type.String(),
    chatId: Type.Integer(),
    customerId: orNull(Type.Integer()),
    outcome: Outcome,
    reason: orNull(
      Type.String(),
      'Why it was skipped (already_routed, moved_by_person, closed, assigned), default_department, or what went wrong.',
    ),
    mode: Type.Enum(['live', 'shadow'], { description: 'The ROUTER_MODE at that time.' }),
    rule: RuleOfDecision,
    department: Move,
    rulesetVersion: Type.Integer({ description: 'The rules of that moment, by which it can be replayed.' }),
    receivedAt: Time,
    decidedAt: Time,
    appliedAt: orNull(Time, 'When HelpCrunch had moved the chat; null otherwise.'),
    erasedAt: orNull(
      Time,
      "When the customer's data was erased: facts, replies and explanation are gone; null otherwise.",
    ),
  },
  CLOSED,
)

/** One HTTP call to HelpCrunch. */
export const Attempt = Type.Object(
  {
    number: Type.Integer(),
    at: Time,
    durationMs: orNull(Type.Integer(), 'Null when nobody knows how the call ended.'),
    method: Type.String(),
    path: Type.String(),
    status: orNull(Type.Integer(), 'Null when there was no response.'),
    body: orNull(
      Type.String(),
      'The response as it was, cut after 4,096 characters; null where there was none, or none is to be kept.',
    ),
    error: orNull(
      Type.String(),
      'Why there was no response, or what is wrong with one that was a success by its status.',
    ),
  },
  CLOSED,
)

/** A decision with all that led to it. */
export const ExplainedDecision = Type.Object(
  {
    ...Decision.properties,
    facts: Type.Ref('Facts'),
    attempts: Type.Array(Type.Ref('Attempt'), { description: 'Every call about it, in order.' }),
    explanation: Type.Array(Type.Ref('RuleExplanation'), {
      description: 'Of every rule, in the order tried; empty when erased.',
    }),
  },
  CLOSED,
)

/** What became of an event. */
export const EventStatus = Type.Enum(['waiting', 'done', 'ignored', 'unreadable', 'set_aside'], {
  description: 'What became of the event.',
})

/** An event in a list. */
export const Event = Type.Object(
  {
    id: Type.String({ description: "The id of HelpCrunch's envelope." }),
    type: Type.String({ description: 'Such as `chat.new`.' }),
    status: EventStatus,
    problem: orNull(Type.String(), 'What keeps it from being used; null when nothing does.'),
    chatId: orNull(Type.Integer()),
    customerId: orNull(Type.Integer()),
    happenedAt: Time,
    receivedAt: Time,
    finishedAt: orNull(Time),
    decisionId: orNull(Type.String(), 'The decision that was made of it.'),
    erasedAt: orNull(Time, "When the customer's data was erased: the body is empty; null otherwise."),
  },
  CLOSED,
)

/** An event with its body. */
export const WholeEvent = Type.Object(
  { ...Event.properties, body: Type.String({ description: 'What was sent, as text.' }) },
  CLOSED,
)

/** A decision that was applied. */
export const DECISION_EXAMPLE = {
  id: '42',
  eventId: 'b9b5e2a0-5d5f-4a6e-9a77-0d6a2f1c3e11',
  eventType: 'chat.new',
  chatId: 501,
  customerId: 9011,
  outcome: 'applied',
  reason: null,
  mode: 'live',
  rule: { key: 'german-vip', version: 3 },
  department: { from: null, to: 233048 },
  rulesetVersion: 17,
  receivedAt: '2026-03-02T09:15:00.000Z',
  decidedAt: '2026-03-02T09:15:00.040Z',
  appliedAt: '2026-03-02T09:15:00.310Z',
  erasedAt: null,
}

/** How a rule came out, of a decision for `language` de. */
export const EXPLANATION_EXAMPLE = {
  rule: 'german-vip',
  status: 'enabled',
  result: 'match',
  why: 'Won: every condition is met.',
  conditions: {
    pointer: '/conditions',
    all: [
      {
        pointer: '/conditions/all/0',
        fact: 'language',
        operator: 'equal',
        value: 'de',
        actual: 'de',
        result: 'match',
      },
    ],
    result: 'match',
  },
}

/** The same decision with all that led to it. */
export const EXPLAINED_DECISION_EXAMPLE = {
  ...DECISION_EXAMPLE,
  facts: { event: 'chat.new', language: 'de', plan: 'Pro', tags: ['vip'] },
  attempts: [
    {
      number: 1,
      at: '2026-03-02T09:15:00.060Z',
      durationMs: 240,
      method: 'PUT',
      path: '/chats/department',
      status: 200,
      body: '{"id":501,"department":{"id":233048}}',
      error: null,
    },
  ],
  explanation: [EXPLANATION_EXAMPLE],
}

/** The event that it was made of. */
export const EVENT_EXAMPLE = {
  id: DECISION_EXAMPLE.eventId,
  type: 'chat.new',
  status: 'done',
  problem: null,
  chatId: 501,
  customerId: 9011,
  happenedAt: '2026-03-02T09:14:59.000Z',
  receivedAt: '2026-03-02T09:15:00.000Z',
  finishedAt: '2026-03-02T09:15:00.040Z',
  decisionId: '42',
  erasedAt: null,
}
