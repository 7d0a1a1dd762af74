import type { Socket } from 'node:net'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { problemDocument } from './problems.ts'

/** What Node's HTTP parser, or its clock, has against a request, as status, code and detail; anything else is a 400. */
const ANSWERS: Readonly<Record<string, readonly [number, string, string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'request_timeout', 'The request did not arrive whole in time.'],
  HPE_HEADER_OVERFLOW: [431, 'headers_too_large', 'The headers are too large.'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'body_too_large', 'The extensions of a chunk are too large.'],
}
const OTHER = [400, 'bad_request', 'This is not HTTP as it should be.'] as const
/**
 * How long a client has to read its answer. A connection that is closed while bytes of it are unread is reset, and then the
 * answer may be lost (RFC 9112, section 9.6): so its bytes are read on, and thrown away.
 */
const LINGER_MS = 2_000
const lingering = new WeakSet<Socket>()

/**
 * Answers what never became a request, for Fastify's `clientErrorHandler`: as a problem document, as all errors are. Fastify's
 * own answers 400 to oversized chunk extensions, where 413 belongs (CVE-2024-22019 is what they are sent for).
 */
export function answerClientError(this: FastifyInstance, error: Error, socket: Socket): void {
  const cause = 'code' in error ? String(error.code) : ''
  if (cause === 'ECONNRESET' || socket.destroyed) return // nobody is left to be answered
  if (lingering.has(socket)) return // more of what has been answered
  if (!socket.writable) return void socket.destroy(error)
  const [status, code, detail] = ANSWERS[cause] ?? OTHER
  const document = problemDocument(status, code, detail)
  this.log.debug({ err: error }, 'request.malformed')
  const body = JSON.stringify(document)
  const head = [
    `HTTP/1.1 ${status} ${document.title}`,
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ]
  lingering.add(socket)
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
  setTimeout(() => socket.destroy(error), LINGER_MS).unref()
}

/** Answers what has no route because its address cannot be read, for Fastify's `frameworkErrors`. No plugin has seen it. */
export function answerBadAddress({ code }: FastifyError, _request: FastifyRequest, reply: FastifyReply): void {
  const document =
    code === 'FST_ERR_MAX_PARAM_LENGTH'
      ? problemDocument(414, 'uri_too_long', 'A part of the address is too long.')
      : problemDocument(400, 'bad_request', 'The address is not percent-encoded as it should be.')
  reply.code(document.status).type('application/problem+json').send(document)
}
