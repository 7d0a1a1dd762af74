import type { Account, Chat, ChatStatus, Customer, MessageFrom } from './account.ts'
import { existing } from './account.ts'
import { assignChat, emitChat, moveChat, setStatus, snooze, writeMessage } from './chat-effects.ts'
import { webhookCustomer } from './webhook-models.ts'

/** A new chat; without `text` it stays empty. */
export interface NewChat {
  readonly customerId: number
  readonly text?: string
  readonly from?: 'customer' | 'customer_email'
  /** Where the chat is from the beginning; nowhere by default. */
  readonly departmentId?: number
  readonly assigneeId?: number
  readonly applicationId?: number
}

/** Scripts what customers and agents do with chats; each step sends the webhooks that HelpCrunch sends for it. */
export interface ChatScript {
  /** Opens a chat: `customer.new` for a customer's first one, `chat.new` and the first message's event, all together. */
  openChat(chat: NewChat): Chat
  /**
   * Writes a message and gives the chat it went to. An agent's first one takes and opens the chat; a customer's wakes a pending,
   * held or closed one, or opens another chat where the switch says so.
   */
  sendMessage(chatId: number, text: string, from?: MessageFrom, agentId?: number): Chat
  /** Moves a chat as a person does in the inbox (null: to no department); HelpCrunch has no event for it. */
  agentMovesChat(chatId: number, departmentId: number | null): void
  agentTakesChat(chatId: number, agentId: number | null): void
  setChatStatus(chatId: number, status: ChatStatus): void
  closeChat(chatId: number, by?: 'customer' | 'agent'): void
  rateChat(chatId: number, rating: 'great' | 'average' | 'poor'): void
  /** Snoozes a chat until then, or with null wakes it. */
  snoozeChat(chatId: number, until: Date | null): void
}

/** The chat script of one account. */
export function createChatScript(account: Account): ChatScript {
  const chatOf = (id: number) => existing(account.chats, id, 'chat')
  return {
    openChat: (chat) => openChat(account, chat),
    sendMessage: (chatId, text, from = 'customer', agentId) =>
      sendMessage(account, chatOf(chatId), { text, from, agentId }),
    agentMovesChat(chatId, departmentId) {
      if (departmentId !== null) existing(account.departments, departmentId, 'department')
      moveChat(account, chatOf(chatId), departmentId)
    },
    agentTakesChat(chatId, agentId) {
      if (agentId !== null) existing(account.agents, agentId, 'agent')
      assignChat(account, chatOf(chatId), agentId)
    },
    setChatStatus: (chatId, status) => setStatus(account, chatOf(chatId), status),
    closeChat: (chatId, by = 'agent') => setStatus(account, chatOf(chatId), 'closed', by),
    rateChat(chatId, rating) {
      const chat = chatOf(chatId)
      chat.rating = rating
      emitChat(account, 'chat.rated', chat)
    },
    snoozeChat: (chatId, until) => snooze(account, chatOf(chatId), until),
  }
}

function openChat(account: Account, opening: NewChat): Chat {
  const { switches } = account
  const customer = existing(account.customers, opening.customerId, 'customer')
  if (opening.departmentId !== undefined) existing(account.departments, opening.departmentId, 'department')
  if (opening.assigneeId !== undefined) existing(account.agents, opening.assigneeId, 'agent')
  announceNewCustomer(account, customer)
  const chat = addChat(account, opening)
  const { text, from = 'customer' } = opening
  const writesAtOnce = text !== undefined && switches.firstMessageDelayMs === 0
  if (text !== undefined) chat.status = 'new'
  emitChat(account, 'chat.new', chat)
  if (writesAtOnce) writeMessage(account, chat, from, text)
  else if (text !== undefined)
    account.later(switches.firstMessageDelayMs, () => writeMessage(account, chat, from, text))
  if (switches.helpBot === 'greets') writeMessage(account, chat, 'bot', 'Hi! I am HelpBot. How can I help?')
  const rule = switches.assignmentRule
  if (rule !== null) account.later(rule.afterMs, () => moveChat(account, chat, rule.departmentId))
  return chat
}

function announceNewCustomer(account: Account, customer: Customer): void {
  if (customer.isAnnounced) return
  customer.isAnnounced = true
  customer.visibleAt = new Date(account.now().getTime() + account.switches.customerDelayMs)
  account.emit('customer.new', webhookCustomer(account, customer))
}

function addChat(account: Account, opening: NewChat): Chat {
  const chat: Chat = {
    id: account.nextId(),
    customerId: opening.customerId,
    applicationId: opening.applicationId ?? 1,
    status: 'empty',
    departmentId: opening.departmentId ?? null,
    departmentChange: null,
    assigneeId: opening.assigneeId ?? null,
    rating: null,
    closedBy: null,
    createdAt: account.now(),
    closedAt: null,
    snoozedUntil: null,
    messages: [],
  }
  account.chats.set(chat.id, chat)
  return chat
}

interface NewMessage {
  readonly text: string
  readonly from: MessageFrom
  readonly agentId: number | undefined
}

function sendMessage(account: Account, chat: Chat, { text, from, agentId }: NewMessage): Chat {
  const isCustomers = from === 'customer' || from === 'customer_email'
  if (isCustomers && chat.status === 'closed' && account.switches.messageToClosedChat === 'opens_new_chat') {
    return openChat(account, { customerId: chat.customerId, text, from, applicationId: chat.applicationId })
  }
  writeMessage(account, chat, from, text, agentId ?? null)
  if (isCustomers) setStatus(account, chat, STATUS_AFTER_CUSTOMER[chat.status])
  if (from === 'agent' || from === 'agent_email') {
    assignChat(account, chat, chat.assigneeId ?? agentId ?? null)
    setStatus(account, chat, 'opened')
  }
  return chat
}

/** HelpCrunch's page on statuses tells it of pending and held chats; of closed ones it is the switch's guess. */
const STATUS_AFTER_CUSTOMER: Readonly<Record<ChatStatus, ChatStatus>> = {
  empty: 'new',
  new: 'new',
  opened: 'opened',
  pending: 'opened',
  'on hold': 'opened',
  'no communication': 'opened',
  closed: 'opened',
}
