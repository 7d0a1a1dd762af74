import type { Changes } from './changes.ts'
import type { Random } from './seeded-random.ts'
import type { SimulatorSwitches } from './switches.ts'

/** A customer as HelpCrunch keeps one; what is null is unknown to it. */
export interface Customer {
  id: number
  name: string | null
  email: string | null
  /** The id in the product of HelpCrunch's client, not in HelpCrunch. */
  userId: string | null
  company: string | null
  phone: string | null
  locale: string | null
  countryCode: string | null
  city: string | null
  timezone: string | null
  platform: string | null
  source: string | null
  createdFrom: string | null
  tags: readonly string[]
  customData: Readonly<Record<string, string | number | boolean>>
  unsubscribed: boolean
  blocked: boolean
  firstSeenAt: Date
  /** Whether `customer.new` was sent, as it is with the first chat. */
  isAnnounced: boolean
  /** Before this moment the API answers 404, as it may for a customer who has only just come. */
  visibleAt: Date
}

/** A member of the support team. */
export interface Agent {
  readonly id: number
  readonly name: string
  readonly email: string
  readonly role: 'agentChatOnly' | 'agent' | 'superviser' | 'admin'
}

/** A department and the agents to whom round robin gives its chats, in turn. */
export interface Department {
  readonly id: number
  readonly name: string
  readonly agentIds: readonly number[]
}

/** Statuses in one spelling; what is served depends on a switch. */
export type ChatStatus = 'empty' | 'new' | 'opened' | 'pending' | 'on hold' | 'no communication' | 'closed'

/** Who wrote a message and how; HelpBot writes as an agent, a note is seen by agents only. */
export type MessageFrom = 'customer' | 'customer_email' | 'agent' | 'agent_email' | 'bot' | 'note' | 'system'

/** A message as it is kept; `agentId` is null when a customer or HelpCrunch itself wrote it. */
export interface Message {
  readonly id: number
  readonly from: MessageFrom
  readonly agentId: number | null
  readonly text: string
  readonly createdAt: Date
}

/** A chat as HelpCrunch keeps one; null is none. */
export interface Chat {
  id: number
  customerId: number
  applicationId: number
  status: ChatStatus
  departmentId: number | null
  /** The last one, and where it was before. */
  departmentChange: { readonly from: number | null; readonly at: Date } | null
  assigneeId: number | null
  rating: 'great' | 'average' | 'poor' | null
  closedBy: 'customer' | 'agent' | null
  createdAt: Date
  closedAt: Date | null
  snoozedUntil: Date | null
  /** Oldest first. */
  messages: Message[]
}

/** Everything that one simulated HelpCrunch account holds, and the seams through which its parts reach each other. */
export interface Account {
  /** May be changed while the simulator runs. */
  readonly switches: SimulatorSwitches
  readonly customers: Map<number, Customer>
  readonly chats: Map<number, Chat>
  readonly departments: Map<number, Department>
  readonly agents: Map<number, Agent>
  readonly changes: Changes
  now(): Date
  random: Random
  /** A new id, unique among everything in the account. */
  nextId(): number
  /** Queues a webhook. */
  emit(event: string, eventData: Readonly<Record<string, unknown>>): void
  /** Runs something later, unless the simulator is stopped first. */
  later(afterMs: number, run: () => void): void
}

/** The agent as whom HelpCrunch's chatbot writes (the message model's page shows id 2). */
export const HELP_BOT: Agent = { id: 2, name: 'HelpBot', email: 'helpbot@example.test', role: 'admin' }

/** The entry with this id; throws when a script names one that is not there. */
export function existing<T>(entries: ReadonlyMap<number, T>, id: number, noun: string): T {
  const entry = entries.get(id)
  if (entry === undefined) throw new Error(`the simulated account has no ${noun} ${id}`)
  return entry
}
