import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import { createGuard } from './adapters/failpoints.ts'
import { answerBadAddress, answerClientError } from './plugins/client-error.ts'
import config, { type Environment } from './plugins/config.ts'
import databaseServer from './plugins/database-server.ts'
import { RequestLog } from './plugins/request-log.ts'
import { createValidators } from './plugins/validators.ts'

export interface AppOptions {
  /** The settings: `process.env`, as a rule. */
  readonly env: Environment
  readonly logger: FastifyServerOptions['logger']
}

/** The whole service, ready to listen; what it is made of is in `parts.ts`. Rejects when a setting, the database or a rule file is not as it should be. */
export async function buildApp({ env, logger }: AppOptions): Promise<FastifyInstance> {
  const guard = createGuard(env) // first of all: a setting for tests ends a start in production before anything is opened
  const app = fastify({
    logger: logger ?? false,
    // A body that drips in byte by byte is cut off too: Fastify's own requestTimeout alone does not do that.
    http: { headersTimeout: 10_000, requestTimeout: 15_000, connectionsCheckingInterval: 1_000 },
    return503OnClosing: false, // what still arrives on a connection that closes is answered as ever: a webhook may come but once
    requestTimeout: 15_000,
    connectionTimeout: 360_000, // without a byte in or out; the longest answers, of backtests that wait for others, take less
    pluginTimeout: 0, // a migration takes as long as it takes; all else has bounds of its own
    clientErrorHandler: answerClientError,
    frameworkErrors: answerBadAddress,
    logController: new RequestLog(),
    routerOptions: { maxParamLength: 200 },
  }).withTypeProvider<TypeBoxTypeProvider>()
  app.setValidatorCompiler(createValidators())
  // Answers are made from our own types: nothing is to be coerced or silently dropped on the way out.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data))

  try {
    await app.register(config, { env })
    await app.register(databaseServer)
    // The rest is loaded while an embedded Postgres starts, which takes about as long.
    const { registerParts } = await import('./parts.ts')
    await registerParts(app, guard)
    await app.ready()
    return app
  } catch (error) {
    await app.close()
    throw error
  }
}
