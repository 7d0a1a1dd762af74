import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { PAGE_QUERY, page, readNumberCursor } from './paging.ts'
import { LIST_EVENTS, READ_EVENT } from './schemas/decision-operations.ts'
import { EventStatus } from './schemas/decisions.ts'

const ListQuery = Type.Object(
  {
    ...PAGE_QUERY,
    status: Type.Optional(EventStatus),
    type: Type.Optional(Type.String({ maxLength: 100, description: 'Such as `chat.new`.' })),
    chatId: Type.Optional(
      Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description: 'The id of the chat.' }),
    ),
  },
  { additionalProperties: false },
)

/** `GET /v1/events` and `GET /v1/events/{id}`: what HelpCrunch sent. */
const events: FastifyPluginAsyncTypebox = async (app) => {
  const role = 'viewer'
  app.get(
    '/v1/events',
    { config: { role, operation: LIST_EVENTS }, schema: { querystring: ListQuery } },
    async ({ query }) => {
      const { limit, cursor, ...filter } = query
      const rows = await app.services.events.list(filter, limit + 1, readNumberCursor(cursor))
      const { data, nextCursor } = page(rows, limit, ({ seq }) => String(seq))
      return { data: data.map(present), nextCursor }
    },
  )

  const params = Type.Object({ id: Type.String({ maxLength: 100, description: 'The id of the event.' }) })
  app.get(
    '/v1/events/:id',
    { config: { role, operation: READ_EVENT }, schema: { params } },
    async ({ params: { id } }, reply) => {
      const event = await app.services.events.find(id)
      if (event === undefined) return reply.problem(404, 'not_found', `There is no event ${id}.`)
      // As text, since an unreadable body is no JSON; what is not UTF-8 in it shows as the replacement character.
      return present({ ...event, body: new TextDecoder().decode(event.body) })
    },
  )
}
export default events

function present<T extends { seq: bigint; decisionId: bigint | null }>({ seq: _seq, decisionId, ...event }: T) {
  return { ...event, decisionId: decisionId === null ? null : String(decisionId) }
}
