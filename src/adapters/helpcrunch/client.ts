import { errors, Pool } from 'undici'
import { type CallResult, readHttpDate, readRetryAfter } from '../../domain/retry-policy.ts'
import type { HelpcrunchClient } from '../../services/call-helpcrunch.ts'
import type { ApiRequest } from '../../services/call-ledger.ts'

export interface HelpcrunchClientOptions {
  /** With its version: `https://api.helpcrunch.com/v1`. */
  readonly baseUrl: string
  readonly apiKey: string
  /** For the whole call, body included. */
  readonly timeoutMs: number
  /** As many as calls may be under way at once: one that waited for a connection would use up its time. */
  readonly connections: number
}

/** A chat or customer is a few KiB; a page of a hundred departments with their agents stays below this. */
const BODY_BYTES_MAX = 1_048_576

/** HelpCrunch's REST API over undici: one pool of connections, no retries (the queue has them), no redirects. */
export function createHelpcrunchClient(
  options: HelpcrunchClientOptions,
): HelpcrunchClient & { close(): Promise<void> } {
  const { connections, timeoutMs } = options
  const { origin, pathname } = new URL(options.baseUrl)
  const pool = new Pool(origin, { connections, connect: { timeout: timeoutMs }, maxResponseSize: BODY_BYTES_MAX })
  const base = { pool, path: pathname.replace(/\/$/, '') }
  return {
    call: (request) => call(base, options, request),
    close: () => pool.destroy(),
  }
}

async function call(
  base: { readonly pool: Pool; readonly path: string },
  options: HelpcrunchClientOptions,
  request: ApiRequest,
): Promise<CallResult> {
  try {
    const response = await base.pool.request({
      path: `${base.path}${request.path}`,
      method: request.method,
      signal: AbortSignal.timeout(options.timeoutMs),
      headers: {
        authorization: `Bearer ${options.apiKey}`,
        accept: 'application/json',
        'accept-encoding': 'identity', // without it a proxy may compress, and undici does not decompress
        'content-type': 'application/json',
      },
      body: request.body === undefined ? null : JSON.stringify(request.body),
    })
    const text = await response.body.text()
    const [retryAfter, date] = [response.headers['retry-after'], response.headers.date].map(onlyOne)
    // A date is meant by the clock that the reply was written by; ours may be wrong.
    const now = () => readHttpDate(date) ?? new Date()
    const retryAfterMs = retryAfter === undefined ? undefined : readRetryAfter(retryAfter, now())
    const body = withoutKey(text, options.apiKey)
    const reply = { kind: 'response', status: response.statusCode, body } as const
    return retryAfterMs === undefined ? reply : { ...reply, retryAfterMs }
  } catch (error) {
    return readFailure(error)
  }
}

/** Replies are kept and shown: one that echoes the request must not carry the key there, neither as it is nor as PHP writes it into JSON. */
function withoutKey(text: string, apiKey: string): string {
  const inJson = JSON.stringify(apiKey).slice(1, -1)
  const forms = [apiKey, inJson, inJson.replaceAll('/', '\\/')]
  return forms.reduce((rest, form) => rest.replaceAll(form, '[API key]'), text)
}

function onlyOne(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header
}

function readFailure(error: unknown): CallResult {
  if (!(error instanceof Error)) throw error
  if (error.name === 'TimeoutError' || error.name === 'AbortError')
    return noResponse('timeout', 'no complete reply in time')
  if (error instanceof errors.ConnectTimeoutError || error instanceof errors.HeadersTimeoutError)
    return noResponse('timeout', error.message)
  if (error instanceof errors.BodyTimeoutError) return noResponse('timeout', error.message)
  if (error instanceof errors.ResponseContentLengthMismatchError) return noResponse('truncated', error.message)
  if (error instanceof errors.ResponseExceededMaxSizeError)
    return noResponse('body_too_large', `the reply is longer than ${BODY_BYTES_MAX} bytes`)
  const code = ('code' in error ? error.code : undefined) ?? error.name
  // Where the host has several addresses, each has failed in its own way.
  const message =
    error instanceof AggregateError ? error.errors.map(({ message }) => message).join(', ') : error.message
  // Undici and the operating system word their failures without the key or the body; the code says what happened.
  return noResponse('connection', `${code}: ${message}`)
}

function noResponse(reason: Extract<CallResult, { kind: 'no_response' }>['reason'], message: string): CallResult {
  return { kind: 'no_response', reason, message }
}
