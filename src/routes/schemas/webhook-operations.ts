import { Type } from 'typebox'
import { json, type Operation, problem } from './operation.ts'

const Envelope = Type.Object(
  {
    event: Type.String({ description: 'Such as `chat.new`; one that nobody knows is answered `ignored`.' }),
    eventData: Type.Unknown({ description: 'What HelpCrunch documents for the event. It may grow.' }),
    createdAt: Type.Integer({ description: 'When it happened, in seconds since 1970.' }),
    id: Type.String({ description: 'The same id is processed once.' }),
    attempts: Type.Optional(Type.Integer()),
    lastAttemptAt: Type.Optional(Type.Integer()),
  },
  { description: "HelpCrunch's envelope." },
)

const Receipt = Type.Object(
  { status: Type.Enum(['accepted', 'duplicate', 'ignored']), eventId: Type.String() },
  { additionalProperties: false },
)

const ID = 'b9b5e2a0-5d5f-4a6e-9a77-0d6a2f1c3e11'

export const RECEIVE_WEBHOOK: Operation = {
  operationId: 'receiveWebhook',
  tag: 'Webhooks',
  summary: 'Take in an event of HelpCrunch',
  description:
    'The signature is checked over the raw bytes before anything is parsed, and the answer comes only after the event is on disk. Unknown event types and unknown extra fields are accepted. After a 500, a 503 or no answer send it again: the same id counts once.',
  signed: true,
  body: {
    schema: Envelope,
    example: {
      event: 'chat.new',
      eventData: { chat_id: 501, customer: { id: 9011 }, status: 'new', department: null, assignee: null },
      attempts: 0,
      lastAttemptAt: 1772442899,
      createdAt: 1772442899,
      id: ID,
    },
  },
  answers: {
    202: json('It is stored: `duplicate` was stored before, `ignored` leads to nothing.', Receipt, {
      status: 'accepted',
      eventId: ID,
    }),
    400: problem(
      400,
      'unreadable',
      `It is genuine but not a HelpCrunch envelope: the body is not JSON. It is kept as event ${ID}.`,
    ),
    401: problem(
      401,
      'bad_signature',
      'X-HelpCrunch-Signature is not the HMAC-SHA1 of this body under any of the signing keys.',
    ),
    503: problem(503, 'not_stored', 'The event could not be stored. Send it again.', {
      or: ['overloaded'],
      headers: { 'Retry-After': 'Seconds until another try is worth it.' },
    }),
  },
}
