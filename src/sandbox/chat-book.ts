/** Keeps account of the chats that were opened and of the decisions that are due for them. */
export interface ChatBook {
  readonly opened: number
  readonly decided: number
  /** The chats with a decision still to come, oldest first. */
  readonly openChatIds: readonly number[]
  open(chatId: number): void
  /** HelpCrunch told of a chat once more, under a new id: that will be a decision of its own. */
  expectAnother(chatId: number): void
  /** A decision of the chat's `chat.new` is final. */
  settle(chatId: number): void
  isSettled(chatId: number): boolean
}

/** An empty book. */
export function createChatBook(): ChatBook {
  const decidedIds = new Set<number>()
  const due = new Map<number, number>()
  let opened = 0
  const change = (chatId: number, by: number) => {
    const left = (due.get(chatId) ?? 0) + by
    if (left > 0) due.set(chatId, left)
    else due.delete(chatId)
  }
  return {
    get opened() {
      return opened
    },
    get decided() {
      return decidedIds.size
    },
    get openChatIds() {
      return [...due.keys()]
    },
    open(chatId) {
      opened += 1
      change(chatId, 1)
    },
    expectAnother: (chatId) => change(chatId, 1),
    settle(chatId) {
      decidedIds.add(chatId)
      change(chatId, -1)
    },
    isSettled: (chatId) => decidedIds.has(chatId) && !due.has(chatId),
  }
}
