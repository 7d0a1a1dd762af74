import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { PAGE_QUERY, page, readNumberCursor } from './paging.ts'
import { LIST_DEPARTMENTS } from './schemas/service-operations.ts'

const ListQuery = Type.Object(
  {
    ...PAGE_QUERY,
    refresh: Type.Boolean({
      default: false,
      description: 'true asks HelpCrunch, unless the list is younger than 10 s.',
    }),
  },
  { additionalProperties: false },
)

/** `GET /v1/departments`: HelpCrunch's, cached. */
const departments: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/v1/departments',
    { config: { role: 'viewer', operation: LIST_DEPARTMENTS }, schema: { querystring: ListQuery } },
    async ({ query }, reply) => {
      const list = await app.services.listDepartments(query.refresh)
      if (list === undefined) {
        const detail =
          'HelpCrunch could not be asked for its departments, and they have never been listed before. Try again soon.'
        return reply.problem(503, 'helpcrunch_unavailable', detail)
      }
      const after = readNumberCursor(query.cursor) ?? 0n
      const rest = list.departments.filter(({ id }) => BigInt(id) > after)
      return { ...page(rest, query.limit, ({ id }) => String(id)), fetchedAt: list.fetchedAt }
    },
  )
}
export default departments
