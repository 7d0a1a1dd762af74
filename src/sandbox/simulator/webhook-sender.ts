import { Agent } from 'undici'
import type { Account } from './account.ts'
import { phpJson } from './php-json.ts'
import { seconds } from './rest-models.ts'
import { randomMs, randomUuid } from './seeded-random.ts'
import { signBody } from './sign-body.ts'
import type { QueuedDelivery } from './webhook-delivery.ts'
import { envelopeBody, judgeTry, subjectOf } from './webhook-delivery.ts'
import type { WebhookTry } from './webhook-post.ts'
import { postWebhook } from './webhook-post.ts'
import type { HandmadeWebhook, Webhooks } from './webhooks.ts'

const SETTLED_TIMEOUT_MS = 60_000

/** Sends the account's events as signed webhooks, a bounded number at once, and again after failures. */
export class WebhookSender implements Webhooks {
  readonly sent: QueuedDelivery[] = []
  readonly #account: Account
  readonly #signingKeys: readonly string[]
  readonly #dispatcher = new Agent()
  #ready: QueuedDelivery[] = []
  #urls: readonly string[] = []
  #events: readonly string[] | undefined
  #keyIndex = 0
  #urlIndex = 0
  #active = 0
  #gaveUpInARow = 0
  #isPaused = false
  #isStopped = false

  constructor(account: Account, signingKeys: readonly string[]) {
    this.#account = account
    this.#signingKeys = signingKeys
  }

  sendTo(urls: string | readonly string[], events?: readonly string[]): void {
    this.#urls = typeof urls === 'string' ? [urls] : urls
    this.#events = events
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    this.#sendReady()
  }

  rotateKey(): void {
    if (this.#keyIndex + 1 === this.#signingKeys.length)
      throw new Error('the simulator was given no further signing key')
    this.#keyIndex += 1
  }

  queue(event: string, eventData: Readonly<Record<string, unknown>>): void {
    if (this.#urls.length === 0 || this.#events?.includes(event) === false) return
    const { switches, random } = this.#account
    const id = randomUuid(random)
    for (let copy = 0; copy <= switches.duplicates; copy += 1) {
      const delivery: QueuedDelivery = {
        ...{ id, event, eventData, ...subjectOf(event, eventData) },
        ...{ state: 'waiting', tries: [], createdAt: this.#account.now(), firstKey: this.#currentKey() },
      }
      this.sent.push(delivery)
      this.#makeReady(delivery, randomMs(random, switches.webhookDelay))
    }
  }

  async settled(timeoutMs = SETTLED_TIMEOUT_MS): Promise<void> {
    const isSettled = () => this.sent.every((delivery) => delivery.state !== 'waiting')
    await this.#account.changes.waitFor('every webhook to be delivered or given up', isSettled, timeoutMs)
  }

  async allDelivered(timeoutMs = SETTLED_TIMEOUT_MS): Promise<void> {
    await this.settled(timeoutMs)
    const lost = this.sent.filter((delivery) => delivery.state !== 'delivered')
    if (lost.length === 0) return
    const names = lost
      .slice(0, 5)
      .map(({ event, id, tries }) => `${event} ${id} (${tries.at(-1)?.status ?? 'no answer'})`)
    throw new Error(`${lost.length} webhooks were never delivered: ${names.join(', ')}`)
  }

  async deliver(handmade: HandmadeWebhook = {}): Promise<WebhookTry> {
    const body = handmade.body ?? phpJson({ ...this.#validEnvelope(), ...handmade.envelope })
    const signature = handmade.signature ?? signBody(handmade.signingKey ?? this.#currentKey(), body)
    const request = { url: this.#nextUrl(), body, signature, timeoutMs: this.#account.switches.webhookTimeoutMs }
    const headers = handmade.headers === undefined ? {} : { headers: handmade.headers }
    return await postWebhook(this.#dispatcher, { ...request, ...headers }, this.#account.now())
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#dispatcher.destroy()
  }

  #makeReady(delivery: QueuedDelivery, afterMs: number): void {
    if (afterMs > 0) {
      this.#account.later(afterMs, () => this.#makeReady(delivery, 0))
      return
    }
    this.#ready.push(delivery)
    // Not at once: what happens together in HelpCrunch is ready together, so that its order can be changed.
    queueMicrotask(() => this.#sendReady())
  }

  #sendReady(): void {
    while (!this.#isPaused && !this.#isStopped && this.#active < this.#account.switches.webhookConcurrency) {
      const delivery = this.#takeNext()
      if (delivery === undefined) return
      this.#active += 1
      this.#send(delivery).finally(() => {
        this.#active -= 1
        this.#sendReady()
      })
    }
  }

  #takeNext(): QueuedDelivery | undefined {
    const { switches, random } = this.#account
    if (switches.webhookOrder === 'kept') return this.#ready.shift()
    if (switches.webhookOrder === 'reversed') return this.#ready.pop()
    return this.#ready.splice(Math.floor(random() * this.#ready.length), 1)[0]
  }

  async #send(delivery: QueuedDelivery): Promise<void> {
    const { switches, random, changes, now } = this.#account
    const isDisabled = switches.disabledAfter !== null && this.#gaveUpInARow >= switches.disabledAfter
    if (isDisabled) {
      delivery.state = 'dropped'
    } else {
      const at = now()
      const isFirst = delivery.tries.length === 0
      const id = isFirst || switches.idOnRetry === 'same' ? delivery.id : randomUuid(random)
      const body = envelopeBody(switches, delivery, id, at)
      const key = switches.retrySignedWith === 'first_key' ? delivery.firstKey : this.#currentKey()
      const request = {
        url: this.#nextUrl(),
        body,
        signature: signBody(key, body),
        timeoutMs: switches.webhookTimeoutMs,
      }
      delivery.tries.push(await postWebhook(this.#dispatcher, request, at))
      this.#conclude(delivery)
    }
    changes.announce()
  }

  #conclude(delivery: QueuedDelivery): void {
    const { switches } = this.#account
    const verdict = judgeTry(switches, delivery)
    if (verdict === 'again') {
      this.#makeReady(delivery, switches.backoffMs[delivery.tries.length - 1] ?? 0)
      return
    }
    delivery.state = verdict
    this.#gaveUpInARow = verdict === 'gave_up' ? this.#gaveUpInARow + 1 : 0
  }

  #validEnvelope(): Record<string, unknown> {
    const at = seconds(this.#account.now())
    const id = randomUuid(this.#account.random)
    return { event: 'chat.new', eventData: {}, attempts: 0, lastAttemptAt: at, createdAt: at, id }
  }

  #nextUrl(): string {
    const url = this.#urls[this.#urlIndex % this.#urls.length]
    if (url === undefined) throw new Error('no receiver is registered: call webhooks.sendTo first')
    this.#urlIndex += 1
    return url
  }

  #currentKey(): string {
    const key = this.#signingKeys[this.#keyIndex]
    if (key === undefined) throw new Error('the simulator was given no signing key')
    return key
  }
}
