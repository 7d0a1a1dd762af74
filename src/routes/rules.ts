import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { inOrderTried } from '../domain/ruleset.ts'
import { notACursor, PAGE_QUERY, page, readCursor } from './paging.ts'

const ListQuery = Type.Object(PAGE_QUERY, { additionalProperties: false })

/** `GET /v1/rules`, in the order tried, and `GET /v1/rules/{key}`. */
const rules: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/v1/rules', { schema: { querystring: ListQuery } }, async ({ query: { limit, cursor } }) => {
    const all = await app.services.rules.list()
    const last = readPosition(cursor)
    const rest = last === undefined ? all : all.filter((rule) => inOrderTried(last, rule) < 0)
    return page(rest, limit, ({ priority, key }) => `${priority}:${key}`)
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

/** A place in the order, not a rule: the rule that was there may be gone, or have moved, by the time of the next page. */
function readPosition(cursor: string | undefined): { priority: number; key: string } | undefined {
  const position = readCursor(cursor)
  if (position === undefined) return undefined
  const [, priority, key] = /^(\d{1,5}):([a-z0-9-]+)$/.exec(position) ?? []
  if (priority === undefined || key === undefined) throw notACursor()
  return { priority: Number(priority), key }
}
