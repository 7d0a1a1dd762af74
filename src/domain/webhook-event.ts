import { readId, readReference, readTime } from './helpcrunch-values.ts'
import { isJsonObject, type JsonObject } from './json-object.ts'

/** Events about a chat, from HelpCrunch's page "Chat webhooks". There is none for a change of department. */
export const CHAT_EVENTS = [
  'chat.new',
  'chat.status_updated',
  'chat.assigned',
  'chat.snoozed',
  'chat.unsnoozed',
  'chat.closed',
  'chat.rated',
] as const

/** Events about a customer, from HelpCrunch's page "Customer webhooks". */
export const CUSTOMER_EVENTS = [
  'customer.new',
  'customer.email_updated',
  'customer.tags_changed',
  'customer.unsubscribed',
  'customer.subscribed',
  'customer.blocked',
  'customer.unblocked',
  'customer.deleted',
] as const

/** Events about a message, from HelpCrunch's page "Message webhooks". */
export const MESSAGE_EVENTS = [
  'message.chat.customer',
  'message.email.customer',
  'message.private',
  'message.chat.agent',
  'message.email.agent',
] as const

/** Whether an event's type is one of these. */
export function isOneOf(types: readonly string[], type: string): boolean {
  return types.includes(type)
}

/** What HelpCrunch wraps around every event. */
export interface WebhookEnvelope {
  /** Unique for the event, the same on every delivery of it. */
  readonly id: string
  readonly type: string
  /** When the event happened, by HelpCrunch's clock. */
  readonly createdAt: Date | undefined
  /** How often HelpCrunch had tried before; the first delivery says 0. */
  readonly attempts: number
  readonly eventData: JsonObject
}

/** Whether a genuine body is an event; `problem` says what to look for in it. */
export type EnvelopeReading =
  | { readonly kind: 'envelope'; readonly envelope: WebhookEnvelope }
  | { readonly kind: 'not_an_envelope'; readonly problem: string }

/** Whom an event is about. `unusable` is an event of a known type that does not say so. */
export type EventSubject =
  | { readonly kind: 'chat'; readonly chatId: number; readonly customerId: number | undefined }
  | { readonly kind: 'customer'; readonly customerId: number }
  | { readonly kind: 'unknown_type' }
  | { readonly kind: 'unusable'; readonly problem: string }

/** 1 to 100 characters that Postgres can keep as text: no control character, no half of a surrogate pair. */
const NAME = /^[^\p{Cc}\p{Cs}]{1,100}$/u
const COUNT_MAX = 2_147_483_647
/** Keys that could reach a prototype if somebody ever merged the object carelessly. */
const DANGEROUS_KEYS = ['__proto__', 'constructor']
const DEPTH_MAX = 32

/** Reads the envelope of a parsed webhook body. Unknown types and unknown extra fields are fine. */
export function readEnvelope(body: unknown): EnvelopeReading {
  if (!isJsonObject(body)) return notAnEnvelope('the body is not an object')
  const type = typeof body.event === 'string' && NAME.test(body.event) ? body.event : undefined
  if (type === undefined) return notAnEnvelope('`event` is not a text of 1 to 100 printable characters')
  const id = readEventId(body.id)
  if (id === undefined) return notAnEnvelope('`id` is not a text of 1 to 100 printable characters')
  const eventData = readEventData(body.eventData)
  if (eventData === undefined)
    return notAnEnvelope('`eventData` is neither an object nor the JSON text of one, 32 levels deep at most')
  const envelope = { id, type, createdAt: readTime(body.createdAt), attempts: readCount(body.attempts), eventData }
  return { kind: 'envelope', envelope }
}

/** Finds the chat or customer that an event is about. */
export function readSubject({ type, eventData }: WebhookEnvelope): EventSubject {
  if (isOneOf(CHAT_EVENTS, type)) {
    // Real webhooks say `chat_id`, as two public receivers show, and REST says `id`.
    return chatSubject(eventData, readId(eventData.chat_id ?? eventData.id), '`chat_id` or `id`')
  }
  if (isOneOf(MESSAGE_EVENTS, type)) {
    // Never `id`: here it would be the message's.
    return chatSubject(eventData, readReference(eventData.chat_id ?? eventData.chat), '`chat_id` or `chat`')
  }
  if (isOneOf(CUSTOMER_EVENTS, type)) {
    const customerId = readId(eventData.id)
    return customerId === undefined ? unusable('`id`') : { kind: 'customer', customerId }
  }
  return { kind: 'unknown_type' }
}

function chatSubject(eventData: JsonObject, chatId: number | undefined, where: string): EventSubject {
  if (chatId === undefined) return unusable(where)
  return { kind: 'chat', chatId, customerId: readReference(eventData.customer) }
}

function unusable(where: string): EventSubject {
  return { kind: 'unusable', problem: `eventData has no positive whole number in ${where}` }
}

function notAnEnvelope(problem: string): EnvelopeReading {
  return { kind: 'not_an_envelope', problem }
}

function readEventId(value: unknown): string | undefined {
  // Above the safe integers two different ids could be parsed to the same number.
  const id = Number.isSafeInteger(value) ? String(value) : value
  return typeof id === 'string' && NAME.test(id) ? id : undefined
}

/** A count that fits Postgres's `integer`; anything else says nothing and is 0. */
function readCount(value: unknown): number {
  const count = readId(value) ?? 0
  return count <= COUNT_MAX ? count : 0
}

/** One public receiver met `eventData` as text that holds the object's JSON. */
function readEventData(value: unknown): JsonObject | undefined {
  if (typeof value !== 'string') return isJsonObject(value) ? value : undefined
  try {
    const parsed: unknown = JSON.parse(value)
    if (!isJsonObject(parsed)) return undefined
    return dropDangerousKeys(parsed) ? parsed : undefined
  } catch {
    return undefined
  }
}

/**
 * Changes `root` itself; false when it is nested too deep for those who work on it by recursion. Level by level, as
 * recursion here would end the stack on the very text that is to be refused.
 */
function dropDangerousKeys(root: object): boolean {
  let level = [root]
  for (let depth = 1; depth <= DEPTH_MAX; depth++) {
    for (const node of level) for (const key of DANGEROUS_KEYS) Reflect.deleteProperty(node, key)
    level = level.flatMap((node) => Object.values(node).filter((child) => typeof child === 'object' && child !== null))
    if (level.length === 0) return true
  }
  return false
}
