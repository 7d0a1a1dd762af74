import bearerAuth from '@fastify/bearer-auth'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { mayActAs, type Role } from '../domain/role.ts'
import type { Identity } from '../services/authenticate.ts'

/**
 * Asks for `Authorization: Bearer <token>` wherever a route declares the role it needs, as `config: { role }`. A route
 * under /v1 that declares none keeps the service from starting, so nothing is open by oversight.
 */
export default fp(
  async (app: FastifyInstance) => {
    const identities = new WeakMap<FastifyRequest, Identity>()
    app.decorateRequest('identity', {
      getter(this: FastifyRequest) {
        const identity = identities.get(this)
        if (identity === undefined) throw new Error(`${this.method} ${this.url} asks who it is without a role.`)
        return identity
      },
    })
    await app.register(bearerAuth, {
      keys: new Set<string>(),
      async auth(token, request) {
        const identity = await app.services.authenticate(token)
        if (identity !== undefined) identities.set(request, identity)
        return identity !== undefined
      },
      specCompliance: 'rfc6749', // the scheme's name in any case, as RFC 9110 has it
      verifyErrorLogLevel: 'debug',
      addHook: false, // on its own the plugin sends no WWW-Authenticate, which every 401 must have
    })
    app.addHook('onRoute', ({ method, url, config }) => {
      if (!url.startsWith('/v1/') || config?.role !== undefined) return
      throw new Error(`${method} ${url} declares no role. Give it one: config: { role: 'viewer' }.`)
    })
    app.addHook('onRequest', (request, reply, done) => {
      const { role } = request.routeOptions.config
      if (role === undefined) return done()
      app.verifyBearerAuth?.(request, reply, (error) => {
        if (error !== undefined && reply.statusCode !== 401) return done(error)
        if (error !== undefined) return refuse(reply)
        if (mayActAs(request.identity.role, role)) return done()
        const detail = `This needs a token with the role ${role}; yours has the role ${request.identity.role}.`
        reply.problem(403, 'forbidden', detail)
      })
    })
  },
  { name: 'auth', dependencies: ['services', 'problems'] },
)

function refuse(reply: FastifyReply): void {
  const detail = 'This needs a valid token: send it as "Authorization: Bearer <token>".'
  reply.header('www-authenticate', 'Bearer').problem(401, 'unauthorized', detail)
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The smallest role that may call the route; absent where everybody may. */
    role?: Role
  }
  interface FastifyRequest {
    /** Whose token it is. Throws on a route that declares no role. */
    readonly identity: Identity
  }
}
