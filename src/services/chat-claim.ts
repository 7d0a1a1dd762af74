import { setTimeout as sleep } from 'node:timers/promises'
import type { WorkEnding } from './waiting-event.ts'

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

/**
 * The job that applies a decision starts within milliseconds of it, before the job that decided has let go of the chat.
 * Waiting here for so little spares it a whole round through the queue (measured: 15 ms instead of 300 ms).
 */
const WAITS_MS = [5, 10, 20, 40]

/** Runs `work` while holding the chat that `take` claims; says `busy` when somebody else keeps holding it. */
export async function whileClaimed<Claim extends ChatClaim>(
  claims: Pick<ChatClaims, 'release'>,
  take: () => Promise<Claim | undefined>,
  work: (claim: Claim) => Promise<WorkEnding>,
): Promise<WorkEnding> {
  let claim = await take()
  for (const ms of WAITS_MS) {
    if (claim !== undefined) break
    await sleep(ms)
    claim = await take()
  }
  if (claim === undefined) return { kind: 'busy' }
  let ending: WorkEnding | undefined
  try {
    ending = await work(claim)
    return ending
  } finally {
    if (ending?.kind !== 'done' || !ending.hasLetGo) await claims.release(claim)
  }
}
