import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { DecisionSummary } from '../services/read-decision.ts'
import { DecisionParams } from './ids.ts'
import { notACursor, PAGE_QUERY, page, readCursor } from './paging.ts'
import { LIST_DECISIONS, READ_DECISION } from './schemas/decision-operations.ts'
import { Outcome } from './schemas/decisions.ts'

const ID = { minimum: 1, maximum: Number.MAX_SAFE_INTEGER }
const TIME = { format: 'date-time' }

const ListQuery = Type.Object(
  {
    ...PAGE_QUERY,
    outcome: Type.Optional(Outcome),
    rule: Type.Optional(Type.String({ maxLength: 64, description: 'The key of the rule that won.' })),
    department: Type.Optional(Type.Integer({ ...ID, description: 'The department that was chosen.' })),
    chatId: Type.Optional(Type.Integer({ ...ID, description: 'The id of the chat.' })),
    from: Type.Optional(Type.String({ ...TIME, description: 'Decided then or later.' })),
    to: Type.Optional(Type.String({ ...TIME, description: 'Decided before then.' })),
  },
  { additionalProperties: false },
)

/** `GET /v1/decisions` and `GET /v1/decisions/{id}`. */
const decisions: FastifyPluginAsyncTypebox = async (app) => {
  const role = 'viewer'
  app.get(
    '/v1/decisions',
    { config: { role, operation: LIST_DECISIONS }, schema: { querystring: ListQuery } },
    async ({ query }) => {
      const { limit, cursor, from, to, ...equal } = query
      const filter = { ...equal, ...(from && { from: new Date(from) }), ...(to && { to: new Date(to) }) }
      const rows = await app.services.decisions.list(filter, limit + 1, readPlace(cursor))
      const { data, nextCursor } = page(rows, limit, ({ decidedAt, id }) => `${decidedAt.getTime()}:${id}`)
      return { data: data.map(present), nextCursor }
    },
  )

  app.get(
    '/v1/decisions/:id',
    { config: { role, operation: READ_DECISION }, schema: { params: DecisionParams } },
    async ({ params: { id } }, reply) => {
      const decision = await app.services.readDecision(BigInt(id))
      if (decision === undefined) return reply.problem(404, 'not_found', `There is no decision ${id}.`)
      return present(decision)
    },
  )
}
export default decisions

/** Ids of ours are text: they may outgrow what JSON's numbers hold exactly. */
function present<T extends DecisionSummary>(decision: T): Omit<T, 'id'> & { id: string } {
  return { ...decision, id: String(decision.id) }
}

function readPlace(cursor: string | undefined): Pick<DecisionSummary, 'decidedAt' | 'id'> | undefined {
  const position = readCursor(cursor)
  if (position === undefined) return undefined
  const [, ms, id] = /^(\d{1,14}):(\d{1,18})$/.exec(position) ?? []
  if (ms === undefined || id === undefined) throw notACursor()
  return { decidedAt: new Date(Number(ms)), id: BigInt(id) }
}
