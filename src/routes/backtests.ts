import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { BacktestRequest } from '../domain/backtest-request.ts'
import { RULES_BYTES_MAX } from '../domain/given-rules.ts'
import { readByService } from './read-by-service.ts'
import { BACKTEST } from './schemas/trial-operations.ts'

const RETRY_AFTER_S = 10

const GAVE_UP = {
  too_long: 'The backtest took too long and was ended. Ask for fewer decisions with `limit`, or for fewer rules.',
  too_large: 'The backtest needed too much memory and was ended. Ask for fewer rules.',
} as const

/** `POST /v1/backtests`: what given rules would have made of the newest recorded decisions. */
const backtests: FastifyPluginAsyncTypebox = async (app) => {
  const config = { role: 'viewer', operation: BACKTEST } as const // nothing is written
  const options = { config, schema: { body: BacktestRequest }, bodyLimit: RULES_BYTES_MAX, ...readByService }
  app.post('/v1/backtests', options, async ({ body }, reply) => {
    const result = await app.services.backtestRules(body)
    switch (result.kind) {
      case 'done':
        return result.report
      case 'invalid':
        return reply.problem(400, 'invalid_input', 'The body is not valid.', [...result.problems])
      case 'busy':
        reply.header('retry-after', RETRY_AFTER_S)
        return reply.problem(503, 'busy', 'Several backtests are waiting already. Try again soon.')
      case 'stopped':
        reply.header('retry-after', RETRY_AFTER_S)
        return reply.problem(503, 'busy', 'The service is being stopped, and the backtest with it. Try again soon.')
      case 'gave_up':
        return reply.problem(503, 'backtest_gave_up', GAVE_UP[result.reason])
    }
  })
}
export default backtests
