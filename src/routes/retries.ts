import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { DecisionParams } from './ids.ts'
import { RETRY_DECISION, RETRY_EVENT } from './schemas/decision-operations.ts'

/** `POST /v1/decisions/{id}/retry` and `POST /v1/events/{id}/retry`: what only a person may set going again. */
const retries: FastifyPluginAsyncTypebox = async (app) => {
  const role = 'editor'
  app.post(
    '/v1/decisions/:id/retry',
    { config: { role, operation: RETRY_DECISION }, schema: { params: DecisionParams } },
    async ({ params: { id } }, reply) => {
      const retry = await app.services.retryDecision(BigInt(id))
      switch (retry.kind) {
        case 'calling': {
          reply.code(202).header('location', `/v1/decisions/${id}`)
          return { ...retry.decision, id }
        }
        case 'deciding': {
          reply.code(202).header('location', `/v1/events/${encodeURIComponent(retry.eventId)}`)
          return { eventId: retry.eventId, status: 'waiting' }
        }
        case 'not_found':
          return reply.problem(404, 'not_found', `There is no decision ${id}.`)
        case 'refused':
          return reply.problem(409, 'not_retriable', `Decision ${id} cannot be tried again. ${retry.why}`)
      }
    },
  )

  const eventParams = Type.Object({ id: Type.String({ maxLength: 100, description: 'The id of the event.' }) })
  app.post(
    '/v1/events/:id/retry',
    { config: { role, operation: RETRY_EVENT }, schema: { params: eventParams } },
    async ({ params: { id } }, reply) => {
      const retry = await app.services.retryEvent(id)
      switch (retry.kind) {
        case 'waiting': {
          const { seq: _seq, body: _body, decisionId: _decision, ...event } = retry.event
          reply.code(202).header('location', `/v1/events/${encodeURIComponent(id)}`)
          return { ...event, decisionId: null }
        }
        case 'not_found':
          return reply.problem(404, 'not_found', `There is no event ${id}.`)
        case 'refused':
          return reply.problem(409, 'not_retriable', `Event ${id} cannot be retried. ${retry.why}`)
      }
    },
  )
}
export default retries
