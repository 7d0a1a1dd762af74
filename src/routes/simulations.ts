import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { RULES_BYTES_MAX } from '../domain/given-rules.ts'
import { SimulationRequest } from '../domain/simulation-request.ts'
import { readByService } from './read-by-service.ts'
import { erasedDetail } from './schemas/shared-answers.ts'
import { SIMULATE } from './schemas/trial-operations.ts'

/** `POST /v1/simulations`: what the rules would decide, and why; calls nobody, writes nothing. */
const simulations: FastifyPluginAsyncTypebox = async (app) => {
  const config = { role: 'viewer', operation: SIMULATE } as const // nothing is written
  const options = { config, schema: { body: SimulationRequest }, bodyLimit: RULES_BYTES_MAX, ...readByService }
  app.post('/v1/simulations', options, async ({ body }, reply) => {
    const result = await app.services.simulateRouting(body)
    switch (result.kind) {
      case 'simulated':
        return result.answer
      case 'no_such_decision':
        return reply.problem(404, 'not_found', `There is no decision ${result.id}.`)
      case 'erased':
        return reply.problem(409, 'erased', erasedDetail(result.id))
      case 'invalid':
        return reply.problem(400, 'invalid_input', 'The body is not valid.', [...result.problems])
    }
  })
}
export default simulations
