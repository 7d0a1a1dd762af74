import { Type } from 'typebox'
import { DECISION_EXAMPLE, EVENT_EXAMPLE, EXPLAINED_DECISION_EXAMPLE } from './decisions.ts'
import { json, type Operation, pageOf, problem } from './operation.ts'
import { BAD_DECISION_ID, badInput } from './shared-answers.ts'

const BAD_EVENT_ID = badInput('path', '/id', 'must have at most 100 characters')
const NO_DECISION = problem(404, 'not_found', 'There is no decision 42.')
const NO_EVENT = problem(404, 'not_found', `There is no event ${EVENT_EXAMPLE.id}.`)
const LOCATION = { Location: 'Where to look how it comes out.' }

export const LIST_DECISIONS: Operation = {
  operationId: 'listDecisions',
  tag: 'Decisions',
  summary: 'List decisions, newest first',
  description:
    'Filters join: what is listed fits all of them. `from` is inclusive, `to` exclusive, both by the time of the decision.',
  answers: {
    200: json('A page of decisions.', pageOf(Type.Ref('Decision')), {
      data: [DECISION_EXAMPLE],
      nextCursor: 'MTc3MjQ0MjkwMDA0MDo0Mg',
    }),
  },
}

export const READ_DECISION: Operation = {
  operationId: 'readDecision',
  tag: 'Decisions',
  summary: 'Read why a chat went where it went',
  description:
    'With the facts that were known, how every rule and every condition came out, and every call to HelpCrunch with its response.',
  answers: {
    200: json('The decision.', Type.Ref('ExplainedDecision'), EXPLAINED_DECISION_EXAMPLE),
    400: BAD_DECISION_ID,
    404: NO_DECISION,
  },
}

const Deciding = Type.Object(
  { eventId: Type.String(), status: Type.Enum(['waiting']) },
  { additionalProperties: false, description: 'It had chosen nothing yet, so its event is decided from the start.' },
)

export const RETRY_DECISION: Operation = {
  operationId: 'retryDecision',
  tag: 'Decisions',
  summary: 'Try a failed decision again',
  description:
    'Every other final outcome stays final. When it had failed before it chose anything, its event is decided from the start. What failed while the service was live is not tried again in shadow.',
  answers: {
    202: json(
      'It is tried again: the decision, or its event where that is decided from the start.',
      Type.Union([Type.Ref('Decision'), Deciding]),
      { ...DECISION_EXAMPLE, outcome: 'pending', appliedAt: null },
      LOCATION,
    ),
    400: BAD_DECISION_ID,
    404: NO_DECISION,
    409: problem(
      409,
      'not_retriable',
      'Decision 42 cannot be tried again. Its outcome is applied; only a failed decision can be tried again.',
    ),
  },
}

export const LIST_EVENTS: Operation = {
  operationId: 'listEvents',
  tag: 'Events',
  summary: 'List what HelpCrunch sent, newest first',
  description:
    '`waiting` is to be decided, `done` has been, `ignored` leads to nothing, `unreadable` was genuine but no envelope, `set_aside` could not be worked off.',
  answers: {
    200: json('A page of events.', pageOf(Type.Ref('Event')), { data: [EVENT_EXAMPLE], nextCursor: null }),
  },
}

export const READ_EVENT: Operation = {
  operationId: 'readEvent',
  tag: 'Events',
  summary: 'Read an event with its body',
  description: 'The body is text, since an unreadable one is no JSON.',
  answers: {
    200: json('The event.', Type.Ref('WholeEvent'), { ...EVENT_EXAMPLE, body: '{"event":"chat.new"}' }),
    400: BAD_EVENT_ID,
    404: NO_EVENT,
  },
}

export const RETRY_EVENT: Operation = {
  operationId: 'retryEvent',
  tag: 'Events',
  summary: 'Give an event that was set aside another chance',
  description: 'It is read anew and waits to be decided.',
  answers: {
    202: json(
      'It waits again.',
      Type.Ref('Event'),
      { ...EVENT_EXAMPLE, status: 'waiting', finishedAt: null, decisionId: null },
      LOCATION,
    ),
    400: BAD_EVENT_ID,
    404: NO_EVENT,
    409: problem(
      409,
      'not_retriable',
      `Event ${EVENT_EXAMPLE.id} cannot be retried. Its status is done; only an event that was set aside can be retried.`,
    ),
  },
}
