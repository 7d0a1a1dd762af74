import { type ChatState, readChatStates } from '../domain/chat-list.ts'
import { type BodyVerdict, type CallResult, judgeBody } from '../domain/retry-policy.ts'
import { type BudgetedCall, type CallDependencies, callHelpcrunch, type SetAside } from './call-helpcrunch.ts'
import type { ChatClaim } from './chat-claim.ts'
import type { PendingDecision } from './pending-decision.ts'

/** A chat that waits for its move, and whose it is. */
export interface WaitingMove {
  readonly chatId: number
  readonly customerId: number
}

/** The port this service needs; `adapters/prisma/waiting-moves.ts` implements it. */
export interface WaitingMoves {
  /** Those whose turn it is, in its order. */
  next(limit: number): Promise<readonly WaitingMove[]>
}

export interface SharedLookDependencies extends CallDependencies {
  readonly waitingMoves: WaitingMoves
}

/** One call that looks at many chats before they are moved. */
export interface SharedLooks {
  /** Looks at this chat and at those that come next, unless somebody just has. */
  see(claim: ChatClaim, pending: PendingDecision): Promise<SharedLook>
  /** Notes a move that HelpCrunch has confirmed: looks from now on must show it. */
  confirm(move: WaitingMove & { readonly departmentId: number }): void
}

export type SharedLook =
  | { readonly kind: 'seen'; readonly chat: ChatState; readonly setAside: SetAside | undefined }
  /** It has to be looked at by itself. */
  | { readonly kind: 'not_seen' }
  /** The look did not reach its goal, for a reason that would meet any other call as well. */
  | { readonly kind: 'failed'; readonly call: BudgetedCall<FailedVerdict>; readonly setAside: SetAside | undefined }

type FailedVerdict = Exclude<BodyVerdict<never>, { kind: 'done' }>

/** An agent's move after the look is overridden: so what it has shown does not count for long. */
const SEEN_MS_MAX = 250
/** So that even with a few chats of each they fit the hundred that one reply holds at most. */
const CUSTOMERS_MAX = 30
const CHATS_MAX = 100
/** Our own last move proves that a search does not lag behind, unless it is older than the lag could be. */
const WITNESS_MS_MAX = 120_000
/** A search that was refused, or showed what is no longer so, is not asked again for so long. */
const DISTRUST_MS = 600_000

const NOT_SEEN = { kind: 'not_seen' } as const

/**
 * Makes the looks of one process. Nobody outside knows whether `POST /chats/search` is as up to date as `GET /chats/{id}`. So
 * each search also asks for the chat that we moved last: only one that shows it where we put it is believed.
 */
export function createSharedLooks(deps: SharedLookDependencies): SharedLooks {
  let witness: (WaitingMove & { readonly departmentId: number; readonly atMs: number }) | undefined
  let seen = { chats: new Map<number, ChatState>(), atMs: Number.NEGATIVE_INFINITY }
  let underWay: Promise<SharedLook> | undefined
  let trustedFromMs = Number.NEGATIVE_INFINITY

  /** What was seen of a chat is good for one move. */
  const take = (chatId: number): ChatState | undefined => {
    const chat = performance.now() - seen.atMs <= SEEN_MS_MAX ? seen.chats.get(chatId) : undefined
    seen.chats.delete(chatId)
    return chat
  }
  const distrust = (why: string) => {
    trustedFromMs = performance.now() + DISTRUST_MS
    deps.log.warn({ why, forMs: DISTRUST_MS }, 'looks.not_shared')
    return NOT_SEEN
  }

  async function look(claim: ChatClaim, pending: PendingDecision, customerId: number): Promise<SharedLook> {
    const proof = witness
    const nowMs = performance.now()
    if (proof === undefined || nowMs - proof.atMs > WITNESS_MS_MAX || nowMs < trustedFromMs) return NOT_SEEN
    const waiting = await deps.waitingMoves.next(CHATS_MAX)
    const others = waiting.filter(({ chatId }) => chatId !== claim.chatId)
    if (others.length === 0) return NOT_SEEN
    const chats = [{ chatId: claim.chatId, customerId }, proof, ...others]
    const wanted = new Set(chats.map(({ chatId }) => chatId))
    const call = await callHelpcrunch(
      deps,
      { kind: 'look_before_move', others: others.length, chat: { claim, eventSeq: pending.eventSeq } },
      { method: 'POST', path: '/chats/search', body: searchFor(chats) },
      (result) => judgeStates(result, wanted),
    )
    if (call.kind !== 'answered') return { kind: 'failed', call, setAside: undefined }
    const { verdict, setAside } = call
    if (verdict.kind !== 'done') {
      if (verdict.kind !== 'refused' && verdict.kind !== 'wrong_body') {
        return { kind: 'failed', call: { ...call, verdict }, setAside }
      }
      if (setAside) await deps.ledger.giveBack(setAside)
      return distrust('POST /chats/search does not answer with chats')
    }
    const chat = verdict.value.get(claim.chatId)
    const shown = verdict.value.get(proof.chatId)?.departmentId
    if (chat !== undefined && shown === proof.departmentId) {
      seen = { chats: new Map(verdict.value), atMs: performance.now() }
      seen.chats.delete(claim.chatId)
      return { kind: 'seen', chat, setAside }
    }
    if (setAside) await deps.ledger.giveBack(setAside)
    if (shown === proof.departmentId) return NOT_SEEN
    return distrust(`POST /chats/search does not show that we moved chat ${proof.chatId} to ${proof.departmentId}`)
  }

  return {
    async see(claim, pending) {
      // What a move did whose reply was lost is found out by a call that stands in the decision's own record.
      if (pending.putBefore) return NOT_SEEN
      await underWay?.catch(() => undefined) // whoever makes it learns what is wrong with it
      const chat = take(claim.chatId)
      if (chat !== undefined) return { kind: 'seen', chat, setAside: undefined }
      if (underWay !== undefined || pending.customerId === undefined) return NOT_SEEN
      underWay = look(claim, pending, pending.customerId).finally(() => {
        underWay = undefined
      })
      return underWay
    },
    confirm(move) {
      witness = { ...move, atMs: performance.now() }
    },
  }
}

/** Chats can be searched by their customers, not by their ids; the newest first, as those that wait are (page "Search chats"). */
function searchFor(chats: readonly WaitingMove[]): object {
  const customers = [...new Set(chats.map(({ customerId }) => customerId))].slice(0, CUSTOMERS_MAX)
  const filter = customers.map((value) => ({ field: 'chats.customer', operator: '=', value }))
  return { comparison: 'OR', filter, sort: 'chats.createdAt', order: 'desc', offset: 0, limit: CHATS_MAX }
}

/** Judges the reply and says what to keep of it: the chats of other customers are none of this event's business. */
function judgeStates(
  result: CallResult,
  wanted: ReadonlySet<number>,
): BodyVerdict<ReadonlyMap<number, ChatState>> & { readonly kept?: string } {
  const verdict = judgeBody(result, (json) => readChatStates(json, wanted))
  switch (verdict.kind) {
    case 'done':
      return { ...verdict, kept: JSON.stringify([...verdict.value].map(([id, state]) => ({ id, ...state }))) }
    case 'wrong_body':
      return { ...verdict, kept: '' }
    default:
      return verdict
  }
}
