import { type ChatSnapshot, MESSAGE_CHARACTERS_MAX } from './chat-snapshot.ts'
import { type CustomerProfile, learnFromChatEvent } from './customer-profile.ts'
import type { Facts, FactValue, Lookup } from './facts.ts'
import { isObject, onlyTold, readText } from './helpcrunch-values.ts'
import { detectLanguage } from './message-language.ts'
import { MESSAGE_EVENTS, type WebhookEnvelope } from './webhook-event.ts'

/** All that is known when a chat is to be decided. */
export interface KnownParts {
  readonly envelope: WebhookEnvelope
  /** The event's own word (`readChatEvent`) overlaid with the chat that was looked up, if it was. */
  readonly chat: ChatSnapshot
  /** The profile as stored or looked up; the event's own customer block is overlaid here. */
  readonly customer: CustomerProfile
}

const LANGUAGE = /^[a-z]{2,3}$/

/**
 * The facts that rules compare (their names and meanings: `FACTS`). What is unknown has no key, nor has what is known
 * not to exist. `planField` names the custom attribute that holds the plan.
 */
export function assembleFacts({ envelope, chat, customer: profile }: KnownParts, planField: string): Facts {
  // The event is newer than anything stored about the customer.
  const customer = { ...profile, ...learnFromChatEvent(envelope) }
  return onlyTold({
    event: envelope.type,
    ...customerFacts(customer, planField),
    channel: customer.createdFrom ?? chat.createdWith,
    application: chat.applicationId,
    chatStatus: chat.status,
    department: chat.departmentId ?? undefined,
    assignee: chat.assigneeId ?? undefined,
    ...messageFacts(envelope, chat),
  })
}

/** The lookups that could still tell something. One that cannot be made, for want of a customer id, counts as done. */
export function openLookups(done: { readonly customer: boolean; readonly chat: boolean }): ReadonlySet<Lookup> {
  const lookups: readonly Lookup[] = ['customer', 'chat']
  return new Set(lookups.filter((lookup) => !done[lookup]))
}

type PartialFacts = Readonly<Record<string, FactValue | undefined>>

function customerFacts(customer: CustomerProfile, planField: string): PartialFacts {
  const locale = customer.locale?.toLowerCase().replaceAll('_', '-')
  const language = locale?.split('-')[0]
  return {
    language: language !== undefined && LANGUAGE.test(language) ? language : undefined,
    locale,
    tags: customer.tags,
    plan: findPlan(customer.custom ?? {}, planField),
    country: customer.countryCode ?? undefined,
    city: customer.city ?? undefined,
    company: customer.company ?? undefined,
    email: customer.email ?? undefined,
    emailDomain: customer.email?.toLowerCase().match(/@([^@\s]+)$/)?.[1],
    userId: customer.userId ?? undefined,
    name: customer.name ?? undefined,
    platform: customer.platform ?? undefined,
    source: customer.source ?? undefined,
    blocked: customer.blocked,
    unsubscribed: customer.unsubscribed,
    ...customFacts(customer.custom ?? {}),
  }
}

type CustomAttributes = NonNullable<CustomerProfile['custom']>

/** As text, whatever the attribute's type, because `plan` is a text fact. The exact spelling wins over another case. */
function findPlan(custom: CustomAttributes, planField: string): string | undefined {
  const names = Object.keys(custom)
  const wanted = planField.toLowerCase()
  const name = names.find((key) => key === planField) ?? names.find((key) => key.toLowerCase() === wanted)
  const plan = name === undefined ? undefined : custom[name]
  return plan === undefined ? undefined : String(plan)
}

function customFacts(custom: CustomAttributes): PartialFacts {
  return Object.fromEntries(Object.entries(custom).map(([name, value]) => [`custom.${name}`, value]))
}

function messageFacts({ type, eventData }: WebhookEnvelope, chat: ChatSnapshot): PartialFacts {
  const told = MESSAGE_EVENTS.includes(type) ? eventData.message : undefined
  const text = isObject(told) ? readText(told.text, MESSAGE_CHARACTERS_MAX) : undefined
  const message = text ?? chat.lastMessageText
  return { message, messageLanguage: message === undefined ? undefined : detectLanguage(message) }
}
