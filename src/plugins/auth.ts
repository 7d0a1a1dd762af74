import { createHash, timingSafeEqual } from 'node:crypto'
import bearerAuth from '@fastify/bearer-auth'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { problemDocument } from './problems.ts'

/** Asks every request of its scope for `Authorization: Bearer <token>`. */
export default fp(
  async (app: FastifyInstance) => {
    const adminToken = sha256(app.config.ADMIN_TOKEN)
    await app.register(bearerAuth, {
      keys: new Set<string>(),
      // Digests are of one length, as the comparison in constant time demands.
      auth: (token) => timingSafeEqual(sha256(token), adminToken),
      contentType: 'application/problem+json',
      errorResponse: () => unauthorized,
      verifyErrorLogLevel: 'debug',
    })
  },
  { name: 'auth', dependencies: ['config'] },
)

const DETAIL = 'This needs a good token: send it as "Authorization: Bearer <token>".'
// The plugin's type only knows an `error` text; it sends whatever object it is given.
const unauthorized = { ...problemDocument(401, 'unauthorized', DETAIL), error: 'Unauthorized' }

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
