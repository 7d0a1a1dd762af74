import { Type } from 'typebox'
import { json, type Operation, pageOf, problem } from './operation.ts'
import { AUDIT_EXAMPLE, TOKEN_EXAMPLE } from './people.ts'

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
  },
}

export const REVOKE_TOKEN: Operation = {
  operationId: 'revokeToken',
  tag,
  summary: 'Revoke an API token',
  description: 'Every replica refuses it at once.',
  answers: {
    204: { description: 'It is gone.' },
    404: problem(404, 'not_found', `There is no token ${TOKEN_EXAMPLE.id}.`),
  },
}

export const LIST_AUDIT: Operation = {
  operationId: 'listAudit',
  tag,
  summary: 'List who did what, newest first',
  description: 'Each change of rules and tokens with the whole of what was there before and after.',
  answers: {
    200: json('A page of entries.', pageOf(Type.Ref('AuditEntry')), { data: [AUDIT_EXAMPLE], nextCursor: null }),
  },
}
