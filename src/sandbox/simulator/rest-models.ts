import type { Account, Agent, Chat, Customer, Message } from './account.ts'
import { HELP_BOT } from './account.ts'

/** A chat as `GET /chats/{id}` and the PUTs show it (HelpCrunch's chat model). */
export function restChat(account: Account, chat: Chat): Record<string, unknown> {
  const last = chat.messages.findLast((message) => message.from !== 'note')
  const lastOfCustomer = chat.messages.findLast(isFromCustomer)
  const lastOfAgent = chat.messages.findLast((message) => message.agentId !== null && message.from !== 'note')
  return extended(account, {
    id: chat.id,
    closedBy: chat.closedBy,
    lastCustomerMessageAt: restTime(account, lastOfCustomer?.createdAt),
    status: restStatus(account, chat),
    closedAt: restTime(account, chat.closedAt),
    rating: chat.rating,
    createdAt: restTime(account, chat.createdAt),
    lastMessageAt: restTime(account, last?.createdAt),
    createdWith: account.switches.createdWith,
    snoozedUntil: chat.snoozedUntil === null ? null : `${seconds(chat.snoozedUntil)}.000`,
    lastMessageText: last?.text ?? null,
    lastMessageId: last?.id ?? null,
    applicationId: chat.applicationId,
    lastCommunicatedAgentId: lastOfAgent?.agentId ?? null,
    agents: communicatedAgentIds(chat).map((id) => restAgent(account, id)),
    customer: basicCustomer(account, chat.customerId),
    assignee: restAgent(account, chat.assigneeId),
    department: restDepartmentOfChat(account, chat.departmentId),
  })
}

/** A customer as `GET /customers/{id}` shows it (HelpCrunch's customer model). */
export function restCustomer(account: Account, customer: Customer): Record<string, unknown> {
  return extended(account, {
    id: customer.id,
    name: customer.name,
    email: customer.email,
    userId: customer.userId,
    company: customer.company,
    phone: customer.phone,
    firstSeen: restTime(account, customer.firstSeenAt),
    lastSeen: restTime(account, customer.firstSeenAt),
    location: { regionCode: null, countryCode: customer.countryCode, city: customer.city },
    device: {
      id: customer.id + 1,
      ip: '192.0.2.1',
      timezone: customer.timezone,
      platform: customer.platform,
      userAgent: null,
    },
    unsubscribed: customer.unsubscribed,
    blocked: customer.blocked,
    source: customer.source,
    referer: null,
    lastPage: null,
    locale: account.switches.locales === 'as_stored' ? customer.locale : languageOf(customer.locale),
    createdFrom: customer.createdFrom,
    integrationId: null,
    notes: null,
    tags: customer.tags.map((name) => ({ name, color: '#c377e0' })),
    customData: restCustomData(account, customer),
  })
}

/** A message as `GET /chats/{id}/messages` shows it; HelpBot's are `from: "agent"`. */
export function restMessage(account: Account, chat: Chat, message: Message): Record<string, unknown> {
  return extended(account, {
    id: message.id,
    agent: restAgent(account, message.agentId),
    type: messageType(message),
    text: message.text,
    read: false,
    createdAt: restTime(account, message.createdAt),
    updatedAt: null,
    edited: false,
    broadcastType: null,
    chat: chat.id,
    from: isFromCustomer(message) ? 'customer' : 'agent',
  })
}

/** An agent as the API shows one anywhere; null when there is none. */
export function restAgent(account: Account, id: number | null): Record<string, unknown> | null {
  const agent: Agent | undefined = id === HELP_BOT.id ? HELP_BOT : account.agents.get(id ?? Number.NaN)
  return agent === undefined ? null : { ...agent }
}

/** The four fields of a customer that are part of every chat. */
export function basicCustomer(account: Account, id: number): Record<string, unknown> {
  const customer = account.customers.get(id)
  return {
    id,
    name: customer?.name ?? null,
    email: customer?.email ?? null,
    userId: customer?.userId ?? null,
  }
}

/** The agents who wrote in a chat, each once, in order of their first message. */
export function communicatedAgentIds(chat: Chat): number[] {
  const ids = chat.messages.map((message) => message.agentId)
  return [...new Set(ids.filter((id) => id !== null))]
}

/** The chat's status in the spelling that is switched on. */
export function restStatus(account: Account, chat: Chat): string {
  return chat.status === 'on hold' ? account.switches.holdStatus : chat.status
}

/** Adds a field that nobody has documented where the switch asks for it: HelpCrunch may add some at any time. */
export function extended(account: Account, model: Record<string, unknown>): Record<string, unknown> {
  return account.switches.extraReplyFields === 'absent' ? model : { ...model, addedLater: { by: 'HelpCrunch' } }
}

/** Whole UNIX seconds. */
export function seconds(time: Date): number {
  return Math.floor(time.getTime() / 1_000)
}

function isFromCustomer(message: Message): boolean {
  return message.from === 'customer' || message.from === 'customer_email'
}

function restDepartmentOfChat(account: Account, id: number | null): Record<string, unknown> | null {
  const department = id === null ? undefined : account.departments.get(id)
  return department === undefined ? null : { id: department.id, name: department.name }
}

function restTime(account: Account, time: Date | null | undefined): string | number | null {
  if (time === null || time === undefined) return null
  return account.switches.timestamps === 'strings' ? String(seconds(time)) : seconds(time)
}

function languageOf(locale: string | null): string | null {
  return locale?.split(/[-_]/)[0] ?? null
}

function restCustomData(account: Account, customer: Customer): unknown {
  const entries = Object.entries(customer.customData)
  if (account.switches.customData === 'pairs') return entries.map(([property, value]) => ({ property, value }))
  if (account.switches.customData === 'map_or_empty_list' && entries.length === 0) return []
  return { ...customer.customData }
}

function messageType(message: Message): string {
  if (message.from === 'system') return 'tech'
  if (message.from === 'note') return 'private'
  return message.from.endsWith('_email') ? 'email' : 'message'
}
