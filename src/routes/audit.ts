import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { PAGE_QUERY, page, readNumberCursor } from './paging.ts'
import { LIST_AUDIT } from './schemas/people-operations.ts'

const ListQuery = Type.Object(
  {
    ...PAGE_QUERY,
    actor: Type.Optional(Type.String({ maxLength: 120, description: 'The name of a token.' })),
    action: Type.Optional(Type.String({ maxLength: 64, description: 'Such as `rule.changed` or `token.created`.' })),
    subject: Type.Optional(Type.String({ maxLength: 200, description: 'Such as `rule:german` or `token:<id>`.' })),
  },
  { additionalProperties: false },
)

/** `GET /v1/audit`: who did what when, from what to what. */
const audit: FastifyPluginAsyncTypebox = async (app) => {
  const options = { config: { role: 'admin', operation: LIST_AUDIT }, schema: { querystring: ListQuery } } as const
  app.get('/v1/audit', options, async ({ query }) => {
    const { limit, cursor, ...filter } = query
    const rows = await app.services.audit.list(filter, limit + 1, readNumberCursor(cursor))
    const { data, nextCursor } = page(rows, limit, ({ id }) => String(id))
    return { data: data.map((entry) => ({ ...entry, id: String(entry.id) })), nextCursor }
  })
}
export default audit
