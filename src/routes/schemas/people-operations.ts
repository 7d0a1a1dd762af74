import { Type } from 'typebox'
import { json, type Operation, pageOf, problem } from './operation.ts'
import { AUDIT_EXAMPLE, ERASURE_EXAMPLE, TOKEN_EXAMPLE } from './people.ts'
import { badInput } from './shared-answers.ts'

const tag = 'People'

export const LIST_TOKENS: Operation = {
  operationId: 'listTokens',
  tag,
  summary: 'List the API tokens, newest first',
  description: 'Without their secrets, which are stored as hashes only.',
  answers: {
    200: json('A page of tokens.', pageOf(Type.Ref('Token')), { data: [TOKEN_EXAMPLE], nextCursor: null }),
  },
}

export const ISSUE_TOKEN: Operation = {
  operationId: 'issueToken',
  tag,
  summary: 'Issue an API token',
  description: 'The answer holds the secret, once: nobody can read it again.',
  body: { example: { name: 'Olena', role: 'editor' } },
  answers: {
    201: json(
      'The token with its secret.',
      Type.Ref('IssuedToken'),
      { ...TOKEN_EXAMPLE, token: `hcr_${'x'.repeat(43)}` },
      { 'Cache-Control': '`no-store`' },
    ),
    400: badInput('body', '/role', 'must be one of viewer, editor, admin'),
  },
}

export const REVOKE_TOKEN: Operation = {
  operationId: 'revokeToken',
  tag,
  summary: 'Revoke an API token',
  description: 'Every replica refuses it at once.',
  answers: {
    204: { description: 'It is gone.' },
    400: badInput('path', '/id', 'must be well-formed. The id of the token.'),
    404: problem(404, 'not_found', `There is no token ${TOKEN_EXAMPLE.id}.`),
  },
}

export const LIST_AUDIT: Operation = {
  operationId: 'listAudit',
  tag,
  summary: 'List who did what, newest first',
  description:
    'Each change of rules and tokens with the whole of what was there before and after, and each erasure of a customer.',
  answers: {
    200: json('A page of entries.', pageOf(Type.Ref('AuditEntry')), { data: [AUDIT_EXAMPLE], nextCursor: null }),
  },
}

export const ERASE_CUSTOMER: Operation = {
  operationId: 'eraseCustomer',
  tag,
  summary: 'Erase what is kept of a customer',
  description:
    "Empties the bodies of the customer's events and of the events of the customer's chats, the facts of their decisions and the replies of HelpCrunch, and forgets the profile. What cannot name anybody stays, so that counts stay true and each event is processed once: ids, times, rule, department, outcome. An event that still waits ends undecided; a decision that waits for its call is still carried out. It covers what was received until then: HelpCrunch goes on knowing the customer, and what it sends later is a new matter. Repeat it when it was cut off.",
  answers: {
    200: json('What was erased, in numbers.', Type.Ref('Erasure'), ERASURE_EXAMPLE),
    400: badInput('path', '/id', 'must be integer'),
    404: problem(404, 'not_found', `Nothing is kept of a customer ${ERASURE_EXAMPLE.customerId}.`),
  },
}
