import type { Delivery } from './webhook-delivery.ts'
import type { WebhookHeaders, WebhookTry } from './webhook-post.ts'

/** The webhook end of the simulator, as tests see it. */
export interface Webhooks {
  /** Every copy of every event, in the order they happened. */
  readonly sent: readonly Delivery[]
  /**
   * Registers the receiver for some events, or for all. With several addresses each delivery and each retry goes to the next one,
   * as behind a load balancer. Events that happen while nothing is registered are not sent, then or later.
   */
  sendTo(urls: string | readonly string[], events?: readonly string[]): void
  /** Lets events pile up until `resume`, which then sends them in the order that is switched on. */
  pause(): void
  resume(): void
  /** Goes on to the next signing key. */
  rotateKey(): void
  /** Waits until each event is delivered or given up. Rejects after the timeout. */
  settled(timeoutMs?: number): Promise<void>
  /** The same, and rejects when any was given up. */
  allDelivered(timeoutMs?: number): Promise<void>
  /** Posts one handmade webhook, once. Everything not given is valid. */
  deliver(handmade?: HandmadeWebhook): Promise<WebhookTry>
}

/** Whatever a test wants to say to the receiver. */
export interface HandmadeWebhook {
  /** Replaces or adds fields of the envelope; one that is undefined is left out. */
  readonly envelope?: Readonly<Record<string, unknown>>
  /** The exact bytes, in place of an envelope. */
  readonly body?: string | Uint8Array
  readonly signature?: string
  /** Signs with another key than the current one. */
  readonly signingKey?: string
  /** Added to the usual ones; null takes one away, a list sends it several times. */
  readonly headers?: WebhookHeaders
}
