import { type FastifyReply, type FastifyRequest, LogController } from 'fastify'

/** One wide line for each request, once it has been answered; Fastify's own are two that tell half of it each. */
export class RequestLog extends LogController {
  override incomingRequest(): void {}

  override requestCompleted(error: Error | null | undefined, request: FastifyRequest, reply: FastifyReply): void {
    const { method, ip } = request
    const { statusCode: status, log } = reply
    const path = request.url.split('?', 1)[0] // a query may hold what is no log's business
    const fields = { method, path, ip, status, durationMs: Math.round(reply.elapsedTime) }
    if (error) log.error({ ...fields, err: error }, 'request.failed')
    // Whoever answers 503 says why, and a flood that is turned away must not become a flood of lines.
    else if (status === 503) log.debug(fields, 'request.answered')
    else log.info(fields, 'request.answered')
  }
}
