import { onlyTold, readId, readReference, readText, readTime } from './helpcrunch-values.ts'
import { isJsonObject } from './json-object.ts'
import { isOneOf, MESSAGE_EVENTS, type WebhookEnvelope } from './webhook-event.ts'

/** HelpCrunch's statuses (page "Chat model") in one spelling; it may add others. `empty` is a chat without messages. */
export type ChatStatus =
  | 'new'
  | 'opened'
  | 'pending'
  | 'on hold'
  | 'no communication'
  | 'closed'
  | 'empty'
  | (string & Record<never, never>)

/** What one document tells of a chat: an absent key was not told, null is the knowledge that there is none. */
export interface ChatSnapshot {
  readonly status?: ChatStatus
  readonly departmentId?: number | null
  readonly assigneeId?: number | null
  readonly applicationId?: number
  readonly customerId?: number
  readonly createdWith?: string
  readonly lastMessageText?: string
  /** Also of a message without text, such as an attachment. */
  readonly lastMessageId?: number
  readonly createdAt?: Date
}

/** The most characters of a message that are kept. */
export const MESSAGE_CHARACTERS_MAX = 8_000

/** HelpCrunch's own pages differ in how they spell these. */
const STATUS_SPELLINGS: ReadonlyMap<string, ChatStatus> = new Map([
  ['open', 'opened'],
  ['onhold', 'on hold'],
  ['on-hold', 'on hold'],
])
const STATUS_CODE = /^\d+$/

/**
 * Reads a chat as REST answers it or as `chat.*` events carry it. Undefined when the value is no chat, that is, has no
 * id (`chat_id` in webhooks, `id` in REST): an error's body, for example.
 */
export function readChat(value: unknown): ChatSnapshot | undefined {
  if (!isJsonObject(value) || readId(value.chat_id ?? value.id) === undefined) return undefined
  return onlyTold({
    status: readStatus(value.status),
    departmentId: readReferenceOrNone(value.department),
    assigneeId: readReferenceOrNone(value.assignee),
    applicationId: readId(value.applicationId),
    customerId: readReference(value.customer),
    createdWith: readText(value.createdWith),
    lastMessageText: readText(value.lastMessageText, MESSAGE_CHARACTERS_MAX),
    lastMessageId: readId(value.lastMessageId),
    createdAt: readTime(value.createdAt),
  })
}

/** What a chat or message event tells of its chat. */
export function readChatEvent({ type, eventData }: WebhookEnvelope): ChatSnapshot {
  if (isOneOf(MESSAGE_EVENTS, type)) {
    const message = isJsonObject(eventData.message) ? eventData.message : eventData
    return onlyTold({
      applicationId: readId(message.applicationId),
      customerId: readReference(eventData.customer),
    })
  }
  const chat = readChat(eventData) ?? {}
  return type === 'chat.closed' ? { status: 'closed', ...chat } : chat
}

function readStatus(value: unknown): ChatStatus | undefined {
  const status = readText(value)?.toLowerCase()
  // Numeric codes exist in old exports, but the tables of what they mean contradict one another.
  if (status === undefined || STATUS_CODE.test(status)) return undefined
  return STATUS_SPELLINGS.get(status) ?? status
}

/** 0 is how PHP back ends often write "no reference". Anything unreadable is not told, so that a lookup can tell it. */
function readReferenceOrNone(value: unknown): number | null | undefined {
  return value === null || value === 0 ? null : readReference(value)
}
