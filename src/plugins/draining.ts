import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'

/** Load balancers ask about once a second; nothing new may come from them once this process stops listening. */
const NOTICE_MS = 2_000
/** How long a close waits for a request to arrive whole; load balancers open connections ahead of need. */
const ARRIVE_MS = 2_000

/** How long a close waits for answers; the process has to end in order all the same. */
const ANSWER_MS_MAX = 5_000

/** Says through /readyz that this process is about to end, while it still answers. */
export default fp(
  async (app: FastifyInstance) => {
    let isDraining = false
    app.decorate('isDraining', () => isDraining)
    app.decorate('drain', async () => {
      isDraining = true
      await sleep(NOTICE_MS)
    })
    const underWay = new Map<Socket, Set<IncomingMessage>>()
    app.server.on('connection', (socket: Socket) => {
      underWay.set(socket, new Set())
      socket.once('close', () => underWay.delete(socket))
    })
    app.addHook('onRequest', async ({ raw }, reply) => {
      const requests = underWay.get(raw.socket)
      requests?.add(raw)
      reply.raw.once('close', () => requests?.delete(raw))
    })
    let closeUnused: NodeJS.Timeout | undefined
    let closeAll: NodeJS.Timeout | undefined
    app.addHook('preClose', async () => {
      isDraining = true
      // Node closes those alone that are idle when it stops listening, and no longer looks whether a request takes too long.
      closeUnused = setInterval(() => {
        for (const [socket, requests] of underWay) if (![...requests].some(({ complete }) => complete)) socket.destroy()
      }, ARRIVE_MS)
      closeAll = setTimeout(() => {
        if (underWay.size === 0) return // it is the queue that takes long
        app.log.warn({ connections: underWay.size }, 'service.unanswered')
        for (const socket of underWay.keys()) socket.destroy()
      }, ANSWER_MS_MAX)
    })
    app.addHook('onClose', async () => {
      clearInterval(closeUnused)
      clearTimeout(closeAll)
    })
    // Before it closes, a connection ends with an answer that says so: on an idle one the next request may be on its way.
    app.addHook('onSend', async (_request, reply) => {
      if (isDraining) reply.header('connection', 'close')
    })
  },
  { name: 'draining' },
)

declare module 'fastify' {
  interface FastifyInstance {
    isDraining(): boolean
    /** Returns when load balancers have had the time to notice. To be called before `close`, which refuses new requests at once. */
    drain(): Promise<void>
  }
}
