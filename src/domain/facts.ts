/** What a rule may compare. A list is of text or numbers; an absent fact is unknown. */
export type FactValue = string | number | boolean | readonly (string | number)[]

/**
 * What is known of a chat, one flat object (`{ "language": "de", "custom.seats": 12 }`). An absent key is an unknown fact; null says of
 * one whose look-up is open that there is nothing which that could tell. With no look-up open the two are the same.
 */
export type Facts = Readonly<Record<string, FactValue | null>>

/** Facts in the form of the API, of rule tests and of simulations: there, what is known not to exist has no key either. */
export type PresentFacts = Readonly<Record<string, FactValue>>

/** A fact's value: null when it is known not to exist, undefined when nothing is known. */
export function readFact(facts: Facts, name: string): FactValue | null | undefined {
  return Object.hasOwn(facts, name) ? facts[name] : undefined
}

/** The two things HelpCrunch can be asked for: `GET /customers/{id}` and `GET /chats/{id}`. */
export type Lookup = 'customer' | 'chat'

/** `any` is a custom attribute: its type is whatever the account put there. */
export type FactType = 'text' | 'number' | 'boolean' | 'list' | 'any'

export interface FactDefinition {
  readonly name: string
  readonly type: FactType
  readonly meaning: string
  /** The lookup that can tell the fact when the event did not; absent for facts that only the event has. */
  readonly lookup?: Lookup
}

/** Every fact that rules may talk about, besides `custom.<attribute>`. The order is the one people read. */
export const FACTS: readonly FactDefinition[] = [
  { name: 'event', type: 'text', meaning: 'The event that is being routed, for example `chat.new`.' },
  { name: 'language', type: 'text', lookup: 'customer', meaning: 'The language of the locale: `de` for `de-AT`.' },
  { name: 'locale', type: 'text', lookup: 'customer', meaning: 'The locale, lower-case with a hyphen: `de-at`.' },
  {
    name: 'tags',
    type: 'list',
    lookup: 'customer',
    meaning: "The names of the customer's tags; none is the empty list.",
  },
  { name: 'plan', type: 'text', lookup: 'customer', meaning: 'The custom attribute named by PLAN_FIELD.' },
  { name: 'country', type: 'text', lookup: 'customer', meaning: 'The country code of the location: `AT`.' },
  { name: 'city', type: 'text', lookup: 'customer', meaning: 'The city of the location.' },
  { name: 'company', type: 'text', lookup: 'customer', meaning: "The customer's company." },
  { name: 'email', type: 'text', lookup: 'customer', meaning: "The customer's e-mail address." },
  { name: 'emailDomain', type: 'text', lookup: 'customer', meaning: 'What follows the @ of the e-mail address.' },
  { name: 'userId', type: 'text', lookup: 'customer', meaning: "The customer's id in your own product." },
  { name: 'name', type: 'text', lookup: 'customer', meaning: "The customer's name." },
  { name: 'channel', type: 'text', lookup: 'customer', meaning: 'Where the customer first wrote from: `telegram`.' },
  { name: 'platform', type: 'text', lookup: 'customer', meaning: "The device's platform: `desktop`." },
  { name: 'source', type: 'text', lookup: 'customer', meaning: 'The traffic source the customer came from.' },
  { name: 'blocked', type: 'boolean', lookup: 'customer', meaning: 'Whether the customer is blocked.' },
  { name: 'unsubscribed', type: 'boolean', lookup: 'customer', meaning: 'Whether the customer has unsubscribed.' },
  { name: 'application', type: 'number', lookup: 'chat', meaning: 'The id of the HelpCrunch application (widget).' },
  {
    name: 'chatStatus',
    type: 'text',
    lookup: 'chat',
    meaning: 'new, opened, pending, on hold, no communication, closed.',
  },
  {
    name: 'department',
    type: 'number',
    lookup: 'chat',
    meaning: "The id of the chat's department; unknown when none.",
  },
  { name: 'assignee', type: 'number', lookup: 'chat', meaning: "The id of the chat's assignee; unknown when none." },
  { name: 'message', type: 'text', lookup: 'chat', meaning: "The message's text; else the chat's last message." },
  { name: 'messageLanguage', type: 'text', lookup: 'chat', meaning: 'The language of `message`, when certain: `uk`.' },
]

/** Whether a fact is one that an open look-up could tell: nobody has asked, so nobody knows that it is missing. */
export type IsOpen = (name: string) => boolean

/** Tells which facts are open. */
export function createIsOpen(facts: Facts, openLookups: ReadonlySet<Lookup>): IsOpen {
  return (name) => {
    const lookup = findFact(name)?.lookup
    return lookup !== undefined && openLookups.has(lookup) && readFact(facts, name) === undefined
  }
}

const CUSTOM_PREFIX = 'custom.'
const definitions = new Map(FACTS.map((fact) => [fact.name, fact]))

/** The definition of a fact, `custom.<attribute>` included; undefined when rules may not talk about it. */
export function findFact(name: string): FactDefinition | undefined {
  if (!name.startsWith(CUSTOM_PREFIX)) return definitions.get(name)
  if (name.length === CUSTOM_PREFIX.length) return undefined
  return { name, type: 'any', lookup: 'customer', meaning: 'A custom attribute of the customer.' }
}
