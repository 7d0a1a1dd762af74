import { type ChatSnapshot, MESSAGE_CHARACTERS_MAX } from './chat-snapshot.ts'
import { type CustomerProfile, learnFromChatEvent } from './customer-profile.ts'
import { type Facts, type FactValue, findFact, type Lookup } from './facts.ts'
import { readText } from './helpcrunch-values.ts'
import { isJsonObject } from './json-object.ts'
import { detectLanguage } from './message-language.ts'
import { isOneOf, MESSAGE_EVENTS, type WebhookEnvelope } from './webhook-event.ts'

/** All that is known when a chat is to be decided. */
export interface KnownParts {
  readonly envelope: WebhookEnvelope
  /** The event's own word (`readChatEvent`) overlaid with the chat that was looked up, if it was. */
  readonly chat: ChatSnapshot
  /** The profile as stored or looked up; the event's own customer block is overlaid here. */
  readonly customer: CustomerProfile
}

const LANGUAGE = /^[a-z]{2,3}(?=-|$)/

/**
 * The facts that rules compare (their names and meanings: `FACTS`). What is unknown has no key. What is known not to exist is null
 * where an open lookup could be asked for it, in vain; else it has no key either. `planField` names the custom attribute that
 * holds the plan.
 */
export function assembleFacts(
  { envelope, chat, customer: profile }: KnownParts,
  planField: string,
  openLookups: ReadonlySet<Lookup>,
): Facts {
  // The event is newer than anything stored about the customer, and than a look-up that may come out of a cache at HelpCrunch.
  const customer = { ...profile, ...learnFromChatEvent(envelope) }
  const mayTell = (name: string) => {
    const lookup = findFact(name)?.lookup
    return lookup !== undefined && openLookups.has(lookup)
  }
  const told: PartialFacts = {
    event: envelope.type,
    ...customerFacts(customer, planField),
    // Once the customer has been asked for: whether the chat happened to be read before must not matter.
    channel: customer.createdFrom ?? (mayTell('channel') ? undefined : chat.createdWith),
    application: chat.applicationId,
    chatStatus: chat.status,
    department: chat.departmentId,
    assignee: chat.assigneeId,
    ...messageFacts(envelope, chat),
  }
  const isFact = ([name, value]: [string, unknown]) => value !== undefined && (value !== null || mayTell(name))
  return Object.fromEntries(Object.entries(told).filter(isFact)) as Facts // Object.fromEntries does not know what the filter leaves out
}

/** The lookups that could still tell something. */
export function openLookups(done: { readonly customer: boolean; readonly chat: boolean }): ReadonlySet<Lookup> {
  const lookups: readonly Lookup[] = ['customer', 'chat']
  return new Set(lookups.filter((lookup) => !done[lookup]))
}

type PartialFacts = Readonly<Record<string, FactValue | null | undefined>>

function customerFacts(customer: CustomerProfile, planField: string): PartialFacts {
  const { email, custom } = customer
  const locale = derive(customer.locale, (text) => text.toLowerCase().replaceAll('_', '-'))
  return {
    language: derive(locale, (text) => text.match(LANGUAGE)?.[0]),
    locale,
    tags: customer.tags,
    plan: findPlan(custom ?? {}, planField),
    country: customer.countryCode,
    city: customer.city,
    company: customer.company,
    email,
    emailDomain: derive(email, (address) => address.toLowerCase().match(/@([^@\s]+)$/)?.[1]),
    userId: customer.userId,
    name: customer.name,
    platform: customer.platform,
    source: customer.source,
    blocked: customer.blocked,
    unsubscribed: customer.unsubscribed,
    ...customFacts(custom ?? {}),
  }
}

/** What follows from a text: nothing where there is none. What it does not tell, a look-up may. */
function derive(
  from: string | null | undefined,
  read: (from: string) => string | undefined,
): string | null | undefined {
  return typeof from === 'string' ? read(from) : from
}

type CustomAttributes = NonNullable<CustomerProfile['custom']>

/** As text, whatever the attribute's type, because `plan` is a text fact. The exact spelling wins over another case. */
function findPlan(custom: CustomAttributes, planField: string): string | undefined {
  const names = Object.keys(custom)
  const wanted = planField.toLowerCase()
  const name = names.find((key) => key === planField) ?? names.find((key) => key.toLowerCase() === wanted)
  const plan = name === undefined ? undefined : custom[name]
  return plan === undefined || Array.isArray(plan) ? undefined : String(plan)
}

function customFacts(custom: CustomAttributes): PartialFacts {
  return Object.fromEntries(Object.entries(custom).map(([name, value]) => [`custom.${name}`, value]))
}

function messageFacts({ type, eventData }: WebhookEnvelope, chat: ChatSnapshot): PartialFacts {
  const told = isOneOf(MESSAGE_EVENTS, type) ? eventData.message : undefined
  const text = isJsonObject(told) ? readText(told.text, MESSAGE_CHARACTERS_MAX) : undefined
  // The message is the event's own, and whole: what language it is in, no look-up tells either.
  if (text !== undefined) return { message: text, messageLanguage: detectLanguage(text) ?? null }
  return { message: chat.lastMessageText, messageLanguage: derive(chat.lastMessageText, detectLanguage) }
}
