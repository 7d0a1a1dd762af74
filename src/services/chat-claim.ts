/**
 * The right to work on one chat. `fence` is raised at each claim, and every write carries it: one that finds another fence
 * changes nothing, so a worker that was frozen and wakes up does no harm.
 */
export interface ChatClaim {
  readonly chatId: number
  readonly fence: bigint
}

/** The port; `adapters/prisma/chat-claims.ts` implements it. */
export interface ChatClaims {
  /** Undefined while a living worker holds the chat. */
  claim(chatId: number): Promise<ChatClaim | undefined>
  release(claim: ChatClaim): Promise<void>
}

/** Runs `work` while holding the chat; says `busy` when somebody else holds it. */
export async function whileClaimed<T>(
  claims: ChatClaims,
  chatId: number,
  work: (claim: ChatClaim) => Promise<T>,
): Promise<T | { kind: 'busy' }> {
  const claim = await claims.claim(chatId)
  if (claim === undefined) return { kind: 'busy' }
  try {
    return await work(claim)
  } finally {
    await claims.release(claim)
  }
}
