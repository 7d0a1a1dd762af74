import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { FIRST_MOMENT_MS } from '../domain/moment.ts'
import { READ_STATS } from './schemas/service-operations.ts'

const StatsQuery = Type.Object(
  {
    from: Type.Optional(
      Type.String({
        format: 'date-time',
        description: 'By the time of decision, inclusive; 24 hours before `to` when left out.',
      }),
    ),
    to: Type.Optional(Type.String({ format: 'date-time', description: 'Exclusive; now when left out.' })),
  },
  { additionalProperties: false },
)

const RANGE_MS_DEFAULT = 24 * 3_600_000

/** `GET /v1/stats`: counts of decisions, how shadows compare with them, queue depth and the budget. */
const stats: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/v1/stats',
    { config: { role: 'viewer', operation: READ_STATS }, schema: { querystring: StatsQuery } },
    async ({ query }, reply) => {
      const to = query.to === undefined ? new Date() : new Date(query.to)
      const fromMs = Math.max(to.getTime() - RANGE_MS_DEFAULT, FIRST_MOMENT_MS)
      const from = new Date(query.from ?? fromMs)
      if (!(from < to)) {
        const errors = [{ pointer: '/from', message: 'must be before `to`' }]
        return reply.problem(400, 'invalid_input', 'The querystring is not valid.', errors)
      }
      return app.services.readStats({ from, to })
    },
  )
}
export default stats
