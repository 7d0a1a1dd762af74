import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import { createGuard } from './adapters/failpoints.ts'
import auth from './plugins/auth.ts'
import { answerClientError } from './plugins/client-error.ts'
import config, { type Environment } from './plugins/config.ts'
import database from './plugins/database.ts'
import docs from './plugins/docs.ts'
import draining from './plugins/draining.ts'
import problems from './plugins/problems.ts'
import services from './plugins/services.ts'
import worker from './plugins/worker.ts'
import audit from './routes/audit.ts'
import backtests from './routes/backtests.ts'
import customers from './routes/customers.ts'
import decisions from './routes/decisions.ts'
import departments from './routes/departments.ts'
import events from './routes/events.ts'
import facts from './routes/facts.ts'
import health from './routes/health.ts'
import retries from './routes/retries.ts'
import ruleChanges from './routes/rule-changes.ts'
import ruleChecks from './routes/rule-checks.ts'
import rules from './routes/rules.ts'
import simulations from './routes/simulations.ts'
import stats from './routes/stats.ts'
import tokens from './routes/tokens.ts'
import webhooks from './routes/webhooks.ts'

export interface AppOptions {
  /** The settings: `process.env`, as a rule. */
  readonly env: Environment
  readonly logger: FastifyServerOptions['logger']
}

/** The whole service, as a list of what it is made of; the order matters. Rejects when a setting, the database or a rule file is not as it should be. */
export async function buildApp({ env, logger }: AppOptions): Promise<FastifyInstance> {
  const guard = createGuard(env) // first of all: a setting for tests ends a start in production before anything is opened
  const app = fastify({
    logger: logger ?? false,
    // A body that drips in byte by byte is cut off too: Fastify's own requestTimeout alone does not do that.
    http: { headersTimeout: 10_000, requestTimeout: 15_000, connectionsCheckingInterval: 1_000 },
    requestTimeout: 15_000,
    clientErrorHandler: answerClientError,
    routerOptions: { maxParamLength: 200 },
    ajv: { customOptions: { removeAdditional: false, allErrors: true, coerceTypes: true } },
  }).withTypeProvider<TypeBoxTypeProvider>()
  // Answers are made from our own types: nothing is to be coerced or silently dropped on the way out.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data))

  try {
    await app.register(config, { env })
    await app.register(problems)
    await app.register(draining)
    if (app.config.ROLE !== 'worker') await app.register(docs)
    await app.register(database)
    await app.register(services, { guard })
    await app.register(auth)
    await app.register(worker)

    await app.register(health)
    if (app.config.ROLE !== 'worker') {
      await app.register(webhooks)
      await app.register(api)
    }
    await app.ready()
    return app
  } catch (error) {
    await app.close()
    throw error
  }
}

/** Everything under /v1: it asks for a token. */
async function api(app: FastifyInstance): Promise<void> {
  await app.register(decisions)
  await app.register(events)
  await app.register(rules)
  await app.register(ruleChanges)
  await app.register(ruleChecks)
  await app.register(departments)
  await app.register(facts)
  await app.register(simulations)
  await app.register(backtests)
  await app.register(stats)
  await app.register(retries)
  await app.register(tokens)
  await app.register(audit)
  await app.register(customers)
}
