import { setTimeout as sleep } from 'node:timers/promises'
import type { ChatState } from '../domain/chat-list.ts'
import type { CallVerdict } from '../domain/retry-policy.ts'
import { type BudgetedCall, callHelpcrunch, servedBy } from './call-helpcrunch.ts'
import type { SetAside } from './call-ledger.ts'
import type { ChatClaim } from './chat-claim.ts'
import type { ChatCallDependencies } from './forbidden-calls.ts'
import type { PendingDecision } from './pending-decision.ts'
import { CHATS_MAX, type ChatOfCustomer, judgeStates, SEARCH_PATH, searchChats } from './search-chats.ts'
import { type Confirmed, createSearchTrust } from './search-trust.ts'

/** The port this service needs; `adapters/prisma/waiting-moves.ts` implements it. */
export interface WaitingMoves {
  /** The chats that wait for their moves, or for the decisions before these, in the order of their turns. */
  next(limit: number): Promise<readonly ChatOfCustomer[]>
}

export interface SharedLookDependencies extends ChatCallDependencies {
  readonly waitingMoves: WaitingMoves
}

/** One call that looks at many chats before they are moved. */
export interface SharedLooks {
  /** Looks at this chat and at those that come next, unless somebody just has. */
  see(claim: ChatClaim, pending: PendingDecision): Promise<SharedLook>
  /** Notes a move that HelpCrunch has confirmed: looks from now on must show it. */
  confirm(move: Confirmed): void
  /** Notes that the work on a chat has ended that was looked at, whatever came of it. */
  workEnded(chatId: number): void
}

export type SharedLook =
  | { readonly kind: 'seen'; readonly chat: ChatState; readonly setAside: SetAside | undefined }
  /** It has to be looked at by itself. */
  | { readonly kind: 'not_seen' }
  /** The look did not reach its goal, for a reason that would meet any other call as well. */
  | { readonly kind: 'failed'; readonly call: BudgetedCall<FailedVerdict>; readonly setAside: SetAside | undefined }

type FailedVerdict = Extract<CallVerdict, { kind: 'throttled' }>

/** An agent's move after the look is overridden: so what it has shown does not count for long. */
const SEEN_MS_MAX = 250
/** For fewer others, what nobody knows about searches is not worth what a search spares. */
const OTHERS_MIN = 3
/** Where nothing was moved yet, the others wait so long for the move of the first one, to look at all of them together then. */
const FIRST_MOVE_MS_MAX = 2_000

const NOT_SEEN = { kind: 'not_seen' } as const

/** Makes the looks of one process. */
export function createSharedLooks(deps: SharedLookDependencies): SharedLooks {
  const trust = createSearchTrust(deps.log)
  let seen = { chats: new Map<number, ChatState>(), atMs: Number.NEGATIVE_INFINITY }
  let underWay: Promise<unknown> | undefined
  let firstMove: (PromiseWithResolvers<void> & { readonly chatId: number }) | undefined

  /** What was seen of a chat is good for one move. */
  const take = (chatId: number): ChatState | undefined => {
    const chat = performance.now() - seen.atMs <= SEEN_MS_MAX ? seen.chats.get(chatId) : undefined
    seen.chats.delete(chatId)
    return chat
  }

  async function look(claim: ChatClaim, pending: PendingDecision, customerId: number): Promise<SharedLook> {
    if (!trust.isGiven()) return NOT_SEEN
    const waiting = await deps.waitingMoves.next(CHATS_MAX)
    const others = waiting.filter(({ chatId }) => chatId !== claim.chatId)
    if (others.length < OTHERS_MIN) return NOT_SEEN
    const proof = trust.proof()
    if (proof === undefined) {
      firstMove = { ...Promise.withResolvers<void>(), chatId: claim.chatId }
      return NOT_SEEN
    }
    const chats = [{ chatId: claim.chatId, customerId }, proof, ...others]
    const wanted = new Set(chats.map(({ chatId }) => chatId))
    const own = deps.forbidden.watch('look_before_move', SEARCH_PATH)
    const call = await callHelpcrunch(
      deps,
      { kind: 'look_before_move', others: others.length, ...servedBy(claim, pending) },
      searchChats(chats),
      (result) => judgeStates(result, wanted, claim.chatId),
    )
    if (call.kind !== 'answered') return { kind: 'failed', call, setAside: undefined }
    const { verdict, setAside } = call
    if (verdict.kind === 'throttled') return { kind: 'failed', call: { ...call, verdict }, setAside }
    const isBelieved = trust.believe(verdict, proof)
    if (isBelieved && verdict.kind === 'done') {
      own(call.result, verdict) // who may look at many may look: a 403 for one of them is about that chat
      seen = { chats: new Map(verdict.value), atMs: performance.now() }
      const chat = take(claim.chatId)
      if (chat !== undefined) return { kind: 'seen', chat, setAside }
    }
    if (setAside) await deps.ledger.giveBack(setAside)
    return NOT_SEEN
  }

  /** Whoever makes a look learns what is wrong with it; the others wait for its end, or for that of the first chat's move. */
  async function waitFor(looking: Promise<SharedLook>): Promise<void> {
    await looking.catch(() => undefined)
    if (firstMove) await Promise.race([firstMove.promise, sleep(FIRST_MOVE_MS_MAX, undefined, { ref: false })])
    firstMove = undefined
    underWay = undefined
  }

  return {
    async see(claim, pending) {
      // What a move did whose reply was lost is found out by a call that stands in the decision's own record. And what was seen of a
      // chat before we moved it would look like a person's choice now.
      if (pending.putBefore || pending.record.routedDepartmentId !== undefined) return NOT_SEEN
      let chat = take(claim.chatId)
      // Twice: for the first chat's move, and for the look that follows.
      for (let waits = 0; waits < 2 && chat === undefined && underWay !== undefined; waits++) {
        await underWay
        chat = take(claim.chatId)
      }
      if (chat !== undefined) return { kind: 'seen', chat, setAside: undefined }
      if (underWay !== undefined || pending.customerId === undefined) return NOT_SEEN
      const looking = look(claim, pending, pending.customerId)
      underWay = waitFor(looking)
      return looking
    },
    confirm: trust.confirm,
    workEnded(chatId) {
      if (firstMove?.chatId === chatId) firstMove.resolve()
    },
  }
}
