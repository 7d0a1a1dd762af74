import { type Static, Type } from 'typebox'
import { onlyPresent, onlyTold, readFlag, readId, readText, readTextOrNone } from './helpcrunch-values.ts'
import { isJsonObject, type JsonObject } from './json-object.ts'
import type { WebhookEnvelope } from './webhook-event.ts'

const TextOrNone = Type.Readonly(Type.Optional(Type.Union([Type.String(), Type.Null()])))
const Flag = Type.Readonly(Type.Optional(Type.Boolean()))

const ListItem = Type.Union([Type.String(), Type.Number()])
const CustomValue = Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Immutable(Type.Array(ListItem))])
type CustomValue = Static<typeof CustomValue>

/**
 * Partial knowledge of a customer, stored as jsonb. An absent key is what nobody told; null is the knowledge that there
 * is none. `custom` holds all custom attributes or is absent.
 */
export const CustomerProfile = Type.Object(
  {
    name: TextOrNone,
    email: TextOrNone,
    /** The customer's id in the account owner's own product. */
    userId: TextOrNone,
    company: TextOrNone,
    locale: TextOrNone,
    countryCode: TextOrNone,
    city: TextOrNone,
    platform: TextOrNone,
    source: TextOrNone,
    /** The channel of the first contact. */
    createdFrom: TextOrNone,
    blocked: Flag,
    unsubscribed: Flag,
    tags: Type.Readonly(Type.Optional(Type.Immutable(Type.Array(Type.String())))),
    custom: Type.Readonly(Type.Optional(Type.Record(Type.String(), CustomValue))),
  },
  { additionalProperties: false },
)
/** The type of the schema of the same name. */
export type CustomerProfile = Static<typeof CustomerProfile>

/** Reads a customer as REST answers it. Undefined when the value is no customer, that is, has no id. */
export function readCustomer(value: unknown): CustomerProfile | undefined {
  if (!isJsonObject(value) || readId(value.id) === undefined) return undefined
  // REST answers with everything it has, so a customer whose tags it does not mention has none.
  return readFields({ ...value, tags: value.tags ?? [] })
}

/** What is known of a customer after a `customer.*` event. A deleted customer leaves nothing. */
export function learnFromCustomerEvent(known: CustomerProfile, event: WebhookEnvelope): CustomerProfile {
  if (event.type === 'customer.deleted') return {}
  const told = { ...readFields(event.eventData), ...FLAGS_BY_EVENT.get(event.type) }
  if (!changesTags(event)) return { ...known, ...told }
  // The payload is documented without the tags it announces: those known until now are no longer true.
  return { ...withoutTags(known), ...told }
}

/**
 * The same for an event that is older than one already learned from; undefined when it changes nothing. That tags have changed, or
 * whether the customer is blocked, no other event tells, so it counts however late: what is known of it may be from before.
 */
export function learnFromLateCustomerEvent(
  known: CustomerProfile,
  event: WebhookEnvelope,
): CustomerProfile | undefined {
  if (changesTags(event)) return withoutTags(known)
  if (FLAGS_BY_EVENT.get(event.type)?.blocked === undefined) return undefined
  // A customer whose tags are not known is asked for again, and that tells this as well.
  const { blocked: _outdated, ...rest } = withoutTags(known)
  return rest
}

function withoutTags({ tags: _outdated, ...rest }: CustomerProfile): CustomerProfile {
  return rest
}

/** Whether an event tells that a customer's tags are others now. */
export function changesTags({ type }: WebhookEnvelope): boolean {
  return type === 'customer.tags_changed'
}

/** What a chat or message event tells of its customer: name, email and userId, nothing else. */
export function learnFromChatEvent({ eventData }: WebhookEnvelope): CustomerProfile {
  return isJsonObject(eventData.customer) ? readIdentity(eventData.customer) : {}
}

/**
 * What a stored profile tells of its customer. That something was not there is no knowledge any more: a new customer's country,
 * locale and attributes may have become known right after.
 */
export function recallProfile(stored: CustomerProfile): CustomerProfile {
  return onlyPresent(stored)
}

const FLAGS_BY_EVENT: ReadonlyMap<string, CustomerProfile> = new Map([
  ['customer.blocked', { blocked: true }],
  ['customer.unblocked', { blocked: false }],
  ['customer.unsubscribed', { unsubscribed: true }],
  ['customer.subscribed', { unsubscribed: false }],
])

function readFields(customer: JsonObject): CustomerProfile {
  const location = readPart(customer.location)
  return onlyTold({
    ...readIdentity(customer),
    company: readTextOrNone(customer.company),
    locale: readTextOrNone(customer.locale),
    countryCode: readTextOrNone(location.countryCode),
    city: readTextOrNone(location.city),
    platform: readTextOrNone(readPart(customer.device).platform),
    source: readTextOrNone(customer.source),
    createdFrom: readTextOrNone(customer.createdFrom),
    blocked: readFlag(customer.blocked),
    unsubscribed: readFlag(customer.unsubscribed),
    tags: readTags(customer.tags),
    custom: readCustomData(customer.customData),
  })
}

function readIdentity(customer: JsonObject): CustomerProfile {
  return onlyTold({
    name: readTextOrNone(customer.name),
    email: readTextOrNone(customer.email),
    userId: readTextOrNone(customer.userId),
  })
}

function readPart(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {}
}

/** The names of `[{ "name": "vip", "color": "#f00" }]`. What is no list, or one without any name, is of another form and not told. */
function readTags(value: unknown): string[] | undefined {
  if (!Array.isArray(value)) return undefined
  const names = value.map((tag: unknown) => readText(isJsonObject(tag) ? tag.name : tag))
  const told = [...new Set(names.filter((name) => name !== undefined))]
  return told.length > 0 || value.length === 0 ? told : undefined
}

/**
 * Custom attributes from any form they are met in: a map; `[]`, which is how PHP writes an empty map; the pairs
 * `{ property, value }` that HelpCrunch itself takes on writing, with `name` in one public receiver; null. Values that are objects, or lists of none but these, are left out.
 */
function readCustomData(value: unknown): Record<string, CustomValue> | undefined {
  if (value === null) return {}
  const pairs = Array.isArray(value) ? value.map(readPair) : isJsonObject(value) ? Object.entries(value) : undefined
  if (pairs === undefined) return undefined
  const custom = new Map<string, CustomValue>()
  for (const [property, propertyValue] of pairs) {
    const name = readText(property)
    const attribute = readCustomValue(propertyValue)
    // A stored `__proto__` would turn into a prototype as soon as somebody assigned it to an object.
    if (name !== undefined && name !== '__proto__' && attribute !== undefined) custom.set(name, attribute)
  }
  return Object.fromEntries(custom)
}

function readPair(pair: unknown): [unknown, unknown] {
  const { property, name, value } = readPart(pair)
  return [property ?? name, value]
}

/** An empty list is how PHP writes nothing of any kind. */
function readCustomValue(value: unknown): CustomValue | undefined {
  if (typeof value === 'boolean') return value
  if (!Array.isArray(value)) return readListItem(value)
  const items = value.map(readListItem).filter((item) => item !== undefined)
  return items.length > 0 ? items : undefined
}

function readListItem(value: unknown): Static<typeof ListItem> | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  return readText(value)
}
