import { createHmac } from 'node:crypto'

/** The value of `X-HelpCrunch-Signature`: lower-case hex HMAC-SHA1 over the exact bytes (HelpCrunch's page on signatures). */
export function signBody(signingKey: string, body: string | Uint8Array): string {
  return createHmac('sha1', signingKey).update(body).digest('hex')
}
