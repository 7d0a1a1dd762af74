import type { Dispatcher } from 'undici'

/** One try to deliver a webhook, exactly as it was on the wire. */
export interface WebhookTry {
  readonly at: Date
  readonly url: string
  readonly body: string
  readonly signature: string
  /** Null when there was no answer. */
  readonly status: number | null
  readonly replyBody: string
  readonly error: string | null
  readonly durationMs: number
}

/** Header values by lower-case name; null takes away one that is usual. */
export type WebhookHeaders = Readonly<Record<string, string | string[] | null>>

/** One webhook, ready to be posted. */
export interface WebhookRequest {
  readonly url: string
  readonly body: string | Uint8Array
  readonly signature: string
  readonly headers?: WebhookHeaders
  readonly timeoutMs: number
}

/** Posts a webhook as HelpCrunch's PHP does. Never throws for what the network or the receiver did. */
export async function postWebhook(dispatcher: Dispatcher, request: WebhookRequest, at: Date): Promise<WebhookTry> {
  const { url, body, signature } = request
  const startedAtMs = performance.now()
  const ended = () => ({
    at,
    url,
    body: typeof body === 'string' ? body : Buffer.from(body).toString(),
    signature,
    durationMs: performance.now() - startedAtMs,
  })
  try {
    const { origin, pathname, search } = new URL(url)
    const reply = await dispatcher.request({
      origin,
      path: pathname + search,
      method: 'POST',
      headers: presentHeaders({ ...USUAL_HEADERS, 'x-helpcrunch-signature': signature, ...request.headers }),
      body,
      signal: AbortSignal.timeout(request.timeoutMs),
    })
    return { ...ended(), status: reply.statusCode, replyBody: await reply.body.text(), error: null }
  } catch (error) {
    return { ...ended(), status: null, replyBody: '', error: String(error) }
  }
}

/** The headers of the sample in HelpCrunch's page on setting up webhooks. */
const USUAL_HEADERS: WebhookHeaders = {
  accept: 'application/json',
  'content-type': 'application/json',
  'user-agent': 'GuzzleHttp/6.5.5 curl/7.52.1 PHP/7.3.8-1',
}

function presentHeaders(headers: WebhookHeaders): Record<string, string | string[]> {
  const present: Record<string, string | string[]> = {}
  for (const [name, value] of Object.entries(headers)) if (value !== null) present[name] = value
  return present
}
