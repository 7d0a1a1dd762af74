import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { Role } from '../domain/role.ts'
import { ListQuery, notACursor, page, readCursor } from './paging.ts'
import { ISSUE_TOKEN, LIST_TOKENS, REVOKE_TOKEN } from './schemas/people-operations.ts'

const PRINTED = '[^\\u0000-\\u001f\\u007f\\ud800-\\udfff]'
const BLANK = '[^\\S\\u0000-\\u001f\\u007f]'
const INK = '[^\\s\\u0000-\\u001f\\u007f\\ud800-\\udfff]'
const NewToken = Type.Object(
  {
    name: Type.String({
      minLength: 1,
      maxLength: 120,
      // Ajv's patterns are by code points, so this is half of a surrogate pair, not an emoji. It also tries them on what is too long:
      // with one way only to fit, that takes linear time.
      pattern: `^${BLANK}*${INK}${PRINTED}*$`,
      description:
        'Whose token it is, or what uses it, without control characters: it stands beside every change that is made with it.',
    }),
    role: Role,
  },
  { additionalProperties: false },
)
const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'

/** `GET POST /v1/tokens` and `DELETE /v1/tokens/{id}`. The secret is in the answer to POST, and nowhere else ever. */
const tokens: FastifyPluginAsyncTypebox = async (app) => {
  const role = 'admin'

  app.get(
    '/v1/tokens',
    { config: { role, operation: LIST_TOKENS }, schema: { querystring: ListQuery } },
    async ({ query: { limit, cursor } }) => {
      const rows = await app.services.tokens.list(limit + 1, readPosition(cursor))
      return page(rows, limit, ({ createdAt, id }) => `${createdAt.getTime()}:${id}`)
    },
  )

  app.post(
    '/v1/tokens',
    { config: { role, operation: ISSUE_TOKEN }, schema: { body: NewToken } },
    async ({ body, identity }, reply) => {
      reply.code(201).header('cache-control', 'no-store')
      return app.services.issueToken(body, identity)
    },
  )

  const params = Type.Object({ id: Type.String({ pattern: `^${UUID}$`, description: 'The id of the token.' }) })
  app.delete(
    '/v1/tokens/:id',
    { config: { role, operation: REVOKE_TOKEN }, schema: { params } },
    async ({ params: { id }, identity }, reply) => {
      if (await app.services.tokens.revoke(id, identity)) return reply.code(204).send()
      return reply.problem(404, 'not_found', `There is no token ${id}.`)
    },
  )
}
export default tokens

/** A place in time: the token that was there may be revoked by the time of the next page. */
function readPosition(cursor: string | undefined): { createdAt: Date; id: string } | undefined {
  const position = readCursor(cursor)
  if (position === undefined) return undefined
  const [, ms, id] = new RegExp(`^(\\d{1,14}):(${UUID})$`).exec(position) ?? []
  if (ms === undefined || id === undefined) throw notACursor()
  return { createdAt: new Date(Number(ms)), id }
}
