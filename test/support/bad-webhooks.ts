import { createHmac } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { signBody } from '../../src/sandbox/simulator/sign-body.ts'
import type { HandmadeWebhook } from '../../src/sandbox/simulator/webhooks.ts'
import { SIGNING_KEY } from './service.ts'
import { envelope } from './webhooks.ts'

/** HelpCrunch escapes text as PHP does; written anew, the same JSON is other bytes. */
export const ESCAPED = String.raw`{"event":"message.chat.customer","eventData":{"message":{"text":"\u041f\u0440\u0438\u0432\u0456\u0442 https:\/\/example.test\/a"}}}`
/** The key that is to follow. While keys are rotated, both are good. */
export const NEXT_SIGNING_KEY = 'next-signing-key'
export const ROTATING_KEYS = `${SIGNING_KEY}, ${NEXT_SIGNING_KEY}`
const HEADER = 'x-helpcrunch-signature'

/** What must not get in, with the status that says why. */
export function badWebhooks(): readonly (readonly [string, HandmadeWebhook, number])[] {
  const body = JSON.stringify(envelope())
  const good = signBody(SIGNING_KEY, body)
  const signature = (value: string): HandmadeWebhook => ({ body, signature: value })
  const headers = (value: HandmadeWebhook['headers'] & {}): HandmadeWebhook => ({ body, headers: value })
  const zipped = gzipSync(body)
  return [
    ['upper case', signature(good.toUpperCase()), 401],
    ['a digit less', signature(good.slice(1)), 401],
    ['a digit more', signature(`${good}0`), 401],
    ['a prefix', signature(`sha1=${good}`), 401],
    ['base64', signature(createHmac('sha1', SIGNING_KEY).update(body).digest('base64')), 401],
    ['SHA-256', signature(createHmac('sha256', SIGNING_KEY).update(body).digest('hex')), 401],
    ['beyond ASCII', signature(`é${good.slice(1)}`), 401],
    ['two headers', headers({ [HEADER]: [good, good] }), 401],
    ['a bad header and a good one', headers({ [HEADER]: ['0'.repeat(40), good] }), 401],
    ['no header', headers({ [HEADER]: null }), 401],
    ['an empty header', headers({ [HEADER]: '' }), 401],
    ['another key', { body, signingKey: 'another-signing-key' }, 401],
    ['both keys as one', { body, signingKey: ROTATING_KEYS }, 401],
    ['no key', { body, signingKey: '' }, 401],
    [
      'a body written anew',
      { body: JSON.stringify(JSON.parse(ESCAPED)), signature: signBody(SIGNING_KEY, ESCAPED) },
      401,
    ],
    ['a body with one space more', { body: `${body} `, signature: good }, 401],
    ['an empty body', { body: '', signature: good }, 401],
    ['text/plain', headers({ 'content-type': 'text/plain' }), 415],
    ['a form', headers({ 'content-type': 'application/x-www-form-urlencoded' }), 415],
    ['no content type', headers({ 'content-type': null }), 415],
    ['gzip', { body: zipped, headers: { 'content-encoding': 'gzip' } }, 415],
    ['gzip, signed before', { body: zipped, signature: good, headers: { 'content-encoding': 'gzip' } }, 415],
  ]
}
