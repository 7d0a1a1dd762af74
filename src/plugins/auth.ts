import { createHash, timingSafeEqual } from 'node:crypto'
import bearerAuth from '@fastify/bearer-auth'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'

/** Asks every request of its scope for `Authorization: Bearer <token>`. */
export default fp(
  async (app: FastifyInstance) => {
    const adminToken = sha256(app.config.ADMIN_TOKEN)
    await app.register(bearerAuth, {
      keys: new Set<string>(),
      // Digests are of one length, as the comparison in constant time demands.
      auth: (token) => timingSafeEqual(sha256(token), adminToken),
      specCompliance: 'rfc6749', // the scheme's name in any case, as RFC 9110 has it
      verifyErrorLogLevel: 'debug',
      addHook: false, // on its own the plugin sends no WWW-Authenticate, which every 401 must have
    })
    app.addHook('onRequest', (request, reply, done) => {
      app.verifyBearerAuth?.(request, reply, (error) => {
        if (error === undefined || reply.statusCode !== 401) return done(error)
        reply.header('www-authenticate', 'Bearer').problem(401, 'unauthorized', DETAIL)
      })
    })
  },
  { name: 'auth', dependencies: ['config', 'problems'] },
)

const DETAIL = 'This needs a good token: send it as "Authorization: Bearer <token>".'

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
