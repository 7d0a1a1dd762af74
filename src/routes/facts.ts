import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { findFact } from '../domain/facts.ts'
import { inListOrder } from '../services/list-facts.ts'
import { ListQuery, notACursor, page, readCursor } from './paging.ts'
import { LIST_FACTS } from './schemas/service-operations.ts'

/** `GET /v1/facts`: what rules may talk about, in the order people read. */
const facts: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/v1/facts',
    { config: { role: 'viewer', operation: LIST_FACTS }, schema: { querystring: ListQuery } },
    async ({ query: { limit, cursor } }) => {
      const last = readPosition(cursor)
      const all = await app.services.listFacts()
      const rest = last === undefined ? all : all.filter(({ name }) => inListOrder(last, name) < 0)
      return page(rest, limit, ({ name }) => name)
    },
  )
}
export default facts

/** A name, not a count: which attributes were seen lately may be others by the time of the next page. */
function readPosition(cursor: string | undefined): string | undefined {
  const name = readCursor(cursor)
  if (name !== undefined && findFact(name) === undefined) throw notACursor()
  return name
}
