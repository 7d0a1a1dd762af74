import { phpJson } from './php-json.ts'
import { seconds } from './rest-models.ts'
import type { SimulatorSwitches } from './switches.ts'
import type { WebhookTry } from './webhook-post.ts'

/** One copy of one event on its way to the receiver. */
export interface Delivery {
  /** The envelope's id on the first try. */
  readonly id: string
  readonly event: string
  readonly chatId?: number
  readonly customerId?: number
  /** `dropped` is what becomes of it once HelpCrunch has stopped sending. */
  readonly state: 'waiting' | 'delivered' | 'gave_up' | 'dropped'
  readonly tries: readonly WebhookTry[]
}

/** A delivery as the sender sees it. */
export interface QueuedDelivery {
  id: string
  event: string
  chatId?: number
  customerId?: number
  state: Delivery['state']
  tries: WebhookTry[]
  readonly eventData: Readonly<Record<string, unknown>>
  readonly createdAt: Date
  readonly firstKey: string
}

/** The bytes of one try: they differ from the last try's in `attempts` and `lastAttemptAt`, so the signature does too. */
export function envelopeBody(switches: SimulatorSwitches, delivery: QueuedDelivery, id: string, at: Date): string {
  return phpJson({
    event: delivery.event,
    eventData: switches.eventDataAs === 'text' ? phpJson(delivery.eventData) : delivery.eventData,
    attempts: switches.attemptsBase + delivery.tries.length,
    lastAttemptAt: seconds(at),
    createdAt: seconds(delivery.createdAt),
    id,
  })
}

/** Whether a try was good, worth another one, or the last. */
export function judgeTry(switches: SimulatorSwitches, delivery: QueuedDelivery): 'delivered' | 'again' | 'gave_up' {
  const status = delivery.tries.at(-1)?.status ?? 0
  if (switches.webhookSuccess === '2xx' ? status >= 200 && status < 300 : status === 200) return 'delivered'
  if (status === 401 && switches.webhookOn401 === 'gives_up') return 'gave_up'
  return delivery.tries.length <= switches.backoffMs.length ? 'again' : 'gave_up'
}

/** What an event is about, for whoever looks for its delivery later. */
export function subjectOf(event: string, eventData: Readonly<Record<string, unknown>>) {
  if (event.startsWith('customer.')) return { customerId: Number(eventData.id) }
  const chatId = Number(eventData.chat_id)
  return Number.isSafeInteger(chatId) ? { chatId } : {}
}
