import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { PAGE_QUERY, page, readCursor } from './paging.ts'

const ListQuery = Type.Object(PAGE_QUERY, { additionalProperties: false })

/** `GET /v1/rules`, in the order tried, and `GET /v1/rules/{key}`. */
const rules: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/v1/rules', { schema: { querystring: ListQuery } }, async ({ query: { limit, cursor } }) => {
    const all = await app.services.rules.list()
    const last = readCursor(cursor)
    const start = all.findIndex(({ key }) => key === last) + 1
    return page(all.slice(start), limit, ({ key }) => key)
  })

  const params = Type.Object({ key: Type.String({ maxLength: 64 }) })
  app.get('/v1/rules/:key', { schema: { params } }, async ({ params: { key } }, reply) => {
    const rule = await app.services.rules.find(key)
    if (rule === undefined) return reply.problem(404, 'not_found', `There is no rule "${key}".`)
    reply.header('etag', `"${rule.version}"`)
    return rule
  })
}
export default rules
