import { Type } from 'typebox'
import { Role } from '../../domain/role.ts'
import { orNull, Time } from './operation.ts'

const CLOSED = { additionalProperties: false }

/** An API token without its secret. */
export const Token = Type.Object(
  {
    id: Type.String({ format: 'uuid' }),
    name: Type.String(),
    role: Role,
    createdAt: Time,
    createdBy: Type.String(),
    lastUsedAt: orNull(Time, 'To the minute; null before the first use.'),
  },
  CLOSED,
)

/** A token with its secret, which is answered once. */
export const IssuedToken = Type.Object(
  { ...Token.properties, token: Type.String({ description: 'The secret. Nobody can read it again.' }) },
  CLOSED,
)

/** Who did what when. */
export const AuditEntry = Type.Object(
  {
    id: Type.String(),
    at: Time,
    actor: Type.String(),
    tokenId: orNull(Type.String(), 'Null for ADMIN_TOKEN and for the service itself.'),
    action: Type.String(),
    subject: Type.String(),
    before: Type.Unknown({ description: 'What was there before; null when nothing was.' }),
    after: Type.Unknown({ description: 'What is there now; null when nothing is.' }),
  },
  CLOSED,
)

/** What was erased of a customer. */
export const Erasure = Type.Object(
  {
    customerId: Type.Integer(),
    events: Type.Integer({ description: 'Webhooks whose bodies were emptied.' }),
    decisions: Type.Integer({ description: 'Decisions whose facts were emptied.' }),
    attempts: Type.Integer({ description: 'Calls to HelpCrunch whose replies were emptied.' }),
    profile: Type.Boolean({ description: 'Whether a profile was kept.' }),
  },
  CLOSED,
)

/** A customer with one routed chat. */
export const ERASURE_EXAMPLE = { customerId: 9011, events: 3, decisions: 1, attempts: 2, profile: true }

/** A token of an editor. */
export const TOKEN_EXAMPLE = {
  id: '3f2b8a52-7c0e-4e0c-9a54-2f6a7b1c9d10',
  name: 'Olena',
  role: 'editor',
  createdAt: '2026-03-01T08:00:00.000Z',
  createdBy: 'admin',
  lastUsedAt: null,
}

/** What she did with it. */
export const AUDIT_EXAMPLE = {
  id: '7',
  at: '2026-03-02T09:15:00.000Z',
  actor: 'Olena',
  tokenId: TOKEN_EXAMPLE.id,
  action: 'token.created',
  subject: 'token:5a0c3a44-1b57-4a55-8a58-0a1d4f3a2b11',
  before: null,
  after: { name: 'CI', role: 'viewer' },
}
