import type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { isSignedBy } from '../domain/signature.ts'
import type { Receipt } from '../services/receive-event.ts'
import { countBody, createIntakeBound, NoRoom, type Place } from './intake-bound.ts'
import { RECEIVE_WEBHOOK } from './schemas/webhook-operations.ts'

const BODY_BYTES_MAX = 1_048_576
/** HelpCrunch's own patience is unknown: an answer comes soon, even from a database that has frozen. */
const STORE_MS_MAX = 1_500
const RETRY_AFTER_S = 5
/** A flood that is turned away must not become a flood of lines. */
const TURNED_AWAY_LINE_MS = 1_000
/** A statement holds its bodies several times over, put together and as they are sent, so the process needs several times this. */
const IN_FLIGHT_BYTES_MAX = 8 * 1_048_576
/** What a request and its reply cost with a small body, so that many of them find their bound too. */
const REQUEST_BYTES = 16_384
/** Most webhooks are smaller. A sender cannot exceed what it has announced: Node ends the body there. */
const SMALL_BODY_BYTES = 4_096

/** An address that was entered so would else lose every webhook, without a word to anybody. */
const WITH_SLASH = '/webhooks/helpcrunch/'

/** `POST /webhooks/helpcrunch`: nothing is parsed, and nothing stored, before the signature over the raw bytes is good. */
export default async function webhooks(app: FastifyInstance): Promise<void> {
  const signingKeys = app.config.HELPCRUNCH_SIGNING_KEY.split(',').map((key) => key.trim())
  // Two bounds, so that whoever has no key, and sends bodies slowly, takes no room from what is genuine and small.
  const turnedAway = countTurnedAway(app.log)
  const arriving = createIntakeBound(IN_FLIGHT_BYTES_MAX, turnedAway)
  const storing = createIntakeBound(IN_FLIGHT_BYTES_MAX, turnedAway)
  app.addHook('preParsing', (request, reply, payload, done) => {
    const place = Number(request.headers['content-length']) <= SMALL_BODY_BYTES ? undefined : arriving.enter(0)
    if (place === undefined) return done(null, payload)
    const counted = countBody(payload, place)
    reply.raw.once('close', () => {
      place.leave()
      counted.resume() // what was refused unread is read to its end, as the connection's next request comes after it
    })
    done(null, counted)
  })
  app.setErrorHandler((error, _request, reply) => {
    if (!(error instanceof NoRoom)) throw error // as anywhere
    reply.header('retry-after', RETRY_AFTER_S)
    return reply.problem(503, 'overloaded', error.message)
  })
  app.removeAllContentTypeParsers() // the one for text/plain would let other types pass
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer', bodyLimit: BODY_BYTES_MAX },
    (_request, body, done) => {
      done(null, body)
    },
  )

  const config = { operation: RECEIVE_WEBHOOK }
  app.post('/webhooks/helpcrunch', { config }, receive)
  app.post(WITH_SLASH, { config, schema: { hide: true } }, receive)

  async function receive(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { body } = request
    if (!Buffer.isBuffer(body) || !isPlain(request)) {
      return reply.problem(415, 'not_json', 'Send the JSON itself, as application/json, not encoded.')
    }
    const signature = request.headers['x-helpcrunch-signature']
    if (!isSignedBy(signingKeys, body, signature)) {
      request.log.warn({ bodyBytes: body.length, hasSignature: signature !== undefined }, 'webhook.refused')
      const detail = 'X-HelpCrunch-Signature is not the HMAC-SHA1 of this body under any of the signing keys.'
      return reply.problem(401, 'bad_signature', detail)
    }
    const place = storing.enter(REQUEST_BYTES + body.length)
    if (place === undefined) throw new NoRoom()
    const receipt = await receiveInTime(app, body, place)
    return receipt === undefined ? sendNotStored(reply) : sendReceipt(reply, receipt)
  }

  /** Undefined when the event could not be stored, or not in time. Stored late, it makes HelpCrunch's next try a duplicate. */
  async function receiveInTime(
    { services, log }: FastifyInstance,
    body: Buffer,
    place: Place,
  ): Promise<Receipt | undefined> {
    const receiving = services.receiveEvent(body).catch((error: unknown) => {
      log.error({ err: error }, 'webhook.not_stored')
      return undefined
    })
    void receiving.finally(() => place.leave()) // answered sooner, it is held all the same
    const tooLate = Promise.withResolvers<undefined>()
    const timer = setTimeout(() => {
      log.error({ waitedMs: STORE_MS_MAX }, 'webhook.not_stored_in_time')
      tooLate.resolve(undefined)
    }, STORE_MS_MAX)
    const receipt = await Promise.race([receiving, tooLate.promise])
    clearTimeout(timer)
    return receipt
  }
}

function countTurnedAway(log: FastifyBaseLogger): () => void {
  let count = 0
  const report = () => {
    log.warn({ count }, 'webhook.turned_away')
    count = 0
  }
  return () => {
    if (count === 0) setTimeout(report, TURNED_AWAY_LINE_MS).unref()
    count += 1
  }
}

function isPlain({ headers }: FastifyRequest): boolean {
  return (headers['content-encoding'] ?? 'identity') === 'identity'
}

function sendReceipt(reply: FastifyReply, receipt: Receipt): FastifyReply {
  if (receipt.kind === 'stored') return reply.code(202).send({ status: receipt.status, eventId: receipt.eventId })
  const detail = `It is genuine but not a HelpCrunch envelope: ${receipt.problem}. It is kept as event ${receipt.eventId}.`
  return reply.problem(400, 'unreadable', detail)
}

function sendNotStored(reply: FastifyReply): FastifyReply {
  reply.header('retry-after', RETRY_AFTER_S)
  return reply.problem(503, 'not_stored', 'The event could not be stored. Send it again.')
}
