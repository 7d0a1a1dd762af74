import { type ChatSnapshot, readChat } from './chat-snapshot.ts'
import { isStateKnown } from './decide.ts'
import { onlyTold, readId } from './helpcrunch-values.ts'
import { isJsonObject } from './json-object.ts'

/** What says whether a chat may be moved, and nothing that says who its customer is. */
export type ChatState = Pick<ChatSnapshot, 'status' | 'departmentId' | 'assigneeId'>

/**
 * Reads a list of chats as `POST /chats/search` answers it (page "Search chats"): the states of the wanted ones, as far as they
 * are listed with everything that a state has. Undefined when the value is no list.
 */
export function readChatStates(
  value: unknown,
  wanted: ReadonlySet<number>,
): ReadonlyMap<number, ChatState> | undefined {
  if (!isJsonObject(value) || !Array.isArray(value.data)) return undefined
  const states = new Map<number, ChatState>()
  for (const item of value.data) {
    const id = isJsonObject(item) ? readId(item.id) : undefined
    const chat = readChat(item)
    if (id === undefined || chat === undefined || !wanted.has(id) || !isStateKnown(chat)) continue
    states.set(id, onlyTold({ status: chat.status, departmentId: chat.departmentId, assigneeId: chat.assigneeId }))
  }
  return states
}
