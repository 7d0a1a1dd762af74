import { isJsonObject } from '../../domain/json-object.ts'
import type { Account, Chat, Customer, Message } from './account.ts'
import { basicCustomer, communicatedAgentIds, restAgent, restStatus } from './rest-models.ts'

/** The `eventData` of a chat event, without text, locale, tags or custom data (HelpCrunch's page on chat webhooks). */
export function webhookChat(account: Account, chat: Chat): Record<string, unknown> {
  const { switches } = account
  const department = account.departments.get(chat.departmentId ?? Number.NaN)
  const relations = {
    department: department === undefined ? null : { id: department.id, name: department.name },
    assignee: restAgent(account, chat.assigneeId),
  }
  return shaped(account, {
    chat_id: chat.id,
    ...(switches.chatIdKey === 'chat_id_and_id' && { id: chat.id }),
    communicatedAgents: communicatedAgentIds(chat),
    ...namedCustomer(account, chat),
    closedBy: chat.closedBy,
    status: restStatus(account, chat),
    closedAt: webhookTime(chat.closedAt),
    rating: chat.rating,
    createdAt: webhookTime(chat.createdAt),
    snoozedUntil: webhookTime(chat.snoozedUntil),
    applicationId: chat.applicationId,
    ...(switches.chatApplications === 'list' && { applications: [{ id: chat.applicationId }] }),
    ...(switches.emptyRelations === 'null' ? relations : withoutNulls(relations)),
  })
}

/** The `eventData` of a customer event; even `customer.tags_changed` has no tags. */
export function webhookCustomer(account: Account, customer: Customer): Record<string, unknown> {
  return shaped(account, {
    id: customer.id,
    name: customer.name,
    userId: customer.userId,
    email: customer.email,
    unsubscribed: customer.unsubscribed,
    customData: { ...customer.customData },
  })
}

/** The `eventData` of a message event; who wrote it, and how, is in the event's name only. */
export function webhookMessage(account: Account, chat: Chat, message: Message): Record<string, unknown> {
  return shaped(account, {
    chat_id: chat.id,
    agent: restAgent(account, message.agentId),
    ...namedCustomer(account, chat),
    message: {
      applicationId: chat.applicationId,
      broadcastType: null,
      createdAt: webhookTime(message.createdAt),
      edited: false,
      id: message.id,
      read: false,
      text: message.text,
      updatedAt: webhookTime(message.createdAt),
    },
  })
}

function namedCustomer(account: Account, { customerId }: Chat): Record<string, unknown> {
  return account.switches.webhookCustomer === 'named' ? { customer: basicCustomer(account, customerId) } : {}
}

/** Times inside `eventData` are text with milliseconds, unlike the envelope's. */
function webhookTime(time: Date | null): string | null {
  return time === null ? null : (time.getTime() / 1_000).toFixed(3)
}

function shaped(account: Account, eventData: Record<string, unknown>): Record<string, unknown> {
  const { webhookIds, extraWebhookFields } = account.switches
  const extended = extraWebhookFields === 'absent' ? eventData : { ...eventData, addedLater: { by: 'HelpCrunch' } }
  return webhookIds === 'numbers' ? extended : withTextIds(extended)
}

function withTextIds(model: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(model).map(([key, value]) => {
    if (isIdKey(key) && typeof value === 'number') return [key, String(value)]
    return [key, isJsonObject(value) ? withTextIds(value) : value]
  })
  return Object.fromEntries(entries)
}

function isIdKey(key: string): boolean {
  return key === 'id' || key === 'chat_id' || key === 'applicationId'
}

function withoutNulls(relations: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(relations).filter(([, value]) => value !== null))
}
