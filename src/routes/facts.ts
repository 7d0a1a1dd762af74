import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { PAGE_QUERY, page, readNumberCursor } from './paging.ts'
import { LIST_FACTS } from './schemas/service-operations.ts'

const ListQuery = Type.Object(
  {
    ...PAGE_QUERY,
    // A vocabulary is read as a whole, so its page is large enough for most accounts.
    limit: Type.Integer({ minimum: 1, maximum: 100, default: 100, description: 'At most so many.' }),
  },
  { additionalProperties: false },
)

/** `GET /v1/facts`: what rules may talk about, in the order people read. */
const facts: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/v1/facts',
    { config: { role: 'viewer', operation: LIST_FACTS }, schema: { querystring: ListQuery } },
    async ({ query: { limit, cursor } }) => {
      const all = await app.services.listFacts()
      const numbered = all.map((fact, index) => ({ fact, place: index + 1 }))
      const after = Number(readNumberCursor(cursor) ?? 0n)
      const { data, nextCursor } = page(numbered.slice(after), limit, ({ place }) => String(place))
      return { data: data.map(({ fact }) => fact), nextCursor }
    },
  )
}
export default facts
