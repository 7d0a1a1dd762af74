import { createHmac, timingSafeEqual } from 'node:crypto'

const LOWER_CASE_HEX = /^[0-9a-f]{40}$/

/**
 * Whether `X-HelpCrunch-Signature` is the lower-case hex HMAC-SHA1 of the raw body under one of the keys (page "How to verify
 * HelpCrunch webhook signatures"). Every key is tried in constant time, so nothing is learned from how long it took.
 */
export function isSignedBy(keys: readonly string[], body: Uint8Array, signature: unknown): boolean {
  if (typeof signature !== 'string' || !LOWER_CASE_HEX.test(signature)) return false
  const given = Buffer.from(signature, 'hex')
  return keys
    .map((key) => timingSafeEqual(createHmac('sha1', key).update(body).digest(), given))
    .some((isEqual) => isEqual)
}
