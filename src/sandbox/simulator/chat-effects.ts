import type { Account, Chat, ChatStatus, Message, MessageFrom } from './account.ts'
import { HELP_BOT } from './account.ts'
import { webhookChat, webhookMessage } from './webhook-models.ts'

/** Puts a chat into a department (null: none), with all that the switches say follows from it. */
export function moveChat(account: Account, chat: Chat, departmentId: number | null): void {
  if (chat.departmentId === departmentId) return
  const { switches } = account
  chat.departmentChange = { from: chat.departmentId, at: account.now() }
  chat.departmentId = departmentId
  if (switches.assigneeOnDepartmentChange === 'cleared') chat.assigneeId = null
  if (switches.assigneeOnDepartmentChange === 'round_robin') assignNextAgent(account, chat)
  if (switches.statusOnDepartmentChange === 'opened') setStatus(account, chat, 'opened')
  if (switches.snoozeOnDepartmentChange === 'ended' && chat.snoozedUntil !== null) snooze(account, chat, null)
  if (switches.techMessageOnDepartmentChange === 'written') writeMessage(account, chat, 'system', 'department_changed')
  account.changes.announce()
}

/** Gives a chat to an agent (null: to nobody) and sends `chat.assigned` when that is a change. */
export function assignChat(account: Account, chat: Chat, agentId: number | null): void {
  if (chat.assigneeId === agentId) return
  chat.assigneeId = agentId
  emitChat(account, 'chat.assigned', chat)
}

/** Changes a chat's status and sends what belongs to it; closing is an event of its own. */
export function setStatus(account: Account, chat: Chat, status: ChatStatus, by: 'customer' | 'agent' = 'agent'): void {
  if (chat.status === status) return
  chat.status = status
  chat.closedAt = status === 'closed' ? account.now() : null
  chat.closedBy = status === 'closed' ? by : null
  if (status === 'closed') emitChat(account, 'chat.closed', chat)
  if (status !== 'closed' || account.switches.closingUpdatesStatus === 'yes') {
    emitChat(account, 'chat.status_updated', chat)
  }
}

/** Snoozes a chat, or with null wakes it. */
export function snooze(account: Account, chat: Chat, until: Date | null): void {
  chat.snoozedUntil = until
  emitChat(account, until === null ? 'chat.unsnoozed' : 'chat.snoozed', chat)
}

/** Adds a message to a chat and sends its event; HelpCrunch has none for its own `tech` messages. */
export function writeMessage(
  account: Account,
  chat: Chat,
  from: MessageFrom,
  text: string,
  agentId: number | null = null,
): Message {
  const author = from === 'bot' ? HELP_BOT.id : agentId
  const message: Message = { id: account.nextId(), from, agentId: author, text, createdAt: account.now() }
  chat.messages.push(message)
  const event = MESSAGE_EVENTS[from]
  if (event !== null) account.emit(event, webhookMessage(account, chat, message))
  account.changes.announce()
  return message
}

/** Sends an event that shows the chat as it is now. */
export function emitChat(account: Account, event: string, chat: Chat): void {
  account.emit(event, webhookChat(account, chat))
  account.changes.announce()
}

const MESSAGE_EVENTS: Readonly<Record<MessageFrom, string | null>> = {
  customer: 'message.chat.customer',
  customer_email: 'message.email.customer',
  agent: 'message.chat.agent',
  agent_email: 'message.email.agent',
  bot: 'message.chat.agent',
  note: 'message.private',
  system: null,
}

/** In turn: the agent's place is how many chats the department has. */
function assignNextAgent(account: Account, chat: Chat): void {
  const agentIds = account.departments.get(chat.departmentId ?? Number.NaN)?.agentIds ?? []
  const chatsThere = [...account.chats.values()].filter((other) => other.departmentId === chat.departmentId).length
  assignChat(account, chat, agentIds[(chatsThere - 1) % agentIds.length] ?? null)
}
