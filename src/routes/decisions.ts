import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { DecisionSummary } from '../services/read-decision.ts'
import { PAGE_QUERY, page, readNumberCursor } from './paging.ts'

const Id = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })
const Time = Type.String({ format: 'date-time' })

const ListQuery = Type.Object(
  {
    ...PAGE_QUERY,
    outcome: Type.Optional(
      Type.Enum(['pending', 'applied', 'unchanged', 'no_match', 'skipped', 'shadow', 'rejected', 'failed']),
    ),
    rule: Type.Optional(Type.String({ maxLength: 64 })),
    department: Type.Optional(Id),
    chatId: Type.Optional(Id),
    from: Type.Optional(Time),
    to: Type.Optional(Time),
  },
  { additionalProperties: false },
)

/** `GET /v1/decisions` and `GET /v1/decisions/{id}`. */
const decisions: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/v1/decisions', { schema: { querystring: ListQuery } }, async ({ query }) => {
    const { limit, cursor, from, to, ...equal } = query
    const filter = { ...equal, ...(from && { from: new Date(from) }), ...(to && { to: new Date(to) }) }
    const rows = await app.services.decisions.list(filter, limit + 1, readNumberCursor(cursor))
    const { data, nextCursor } = page(rows, limit, ({ id }) => String(id))
    return { data: data.map(present), nextCursor }
  })

  const params = Type.Object({ id: Type.String({ pattern: '^[0-9]{1,18}$' }) })
  app.get('/v1/decisions/:id', { schema: { params } }, async ({ params: { id } }, reply) => {
    const decision = await app.services.readDecision(BigInt(id))
    if (decision === undefined) return reply.problem(404, 'not_found', `There is no decision ${id}.`)
    return present(decision)
  })
}
export default decisions

/** Ids of ours are text: they may outgrow what JSON's numbers hold exactly. */
function present<T extends DecisionSummary>(decision: T): Omit<T, 'id'> & { id: string } {
  return { ...decision, id: String(decision.id) }
}
