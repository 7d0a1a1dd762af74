import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'

/** Clients wait for each answer; the few that do not, send less than this ahead. */
const UNANSWERED_MAX = 4

/**
 * Bounds how many requests of one connection wait for their answers. Node begins all that come in one go, 1,500 of them in 64 KiB, and
 * holds each answer until those before it have been read: without a bound, whoever has no key could use up the memory with them.
 */
export default fp(
  async (app: FastifyInstance) => {
    const unanswered = new WeakMap<Socket, number>()
    const countOf = (socket: Socket) => unanswered.get(socket) ?? 0
    app.addHook('onRequest', (request, reply, done) => {
      const { socket } = request.raw
      unanswered.set(socket, countOf(socket) + 1)
      reply.raw.once('close', () => unanswered.set(socket, countOf(socket) - 1))
      if (countOf(socket) <= UNANSWERED_MAX) return done()
      const detail = `${UNANSWERED_MAX} requests of this connection wait for their answers. Wait too, or open another connection.`
      reply.header('connection', 'close').problem(429, 'too_many_requests', detail)
    })
  },
  { name: 'pipelining', dependencies: ['problems'] },
)
