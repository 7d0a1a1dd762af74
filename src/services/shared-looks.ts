import { setTimeout as sleep } from 'node:timers/promises'
import { type ChatState, readChatStates } from '../domain/chat-list.ts'
import { type BodyVerdict, type CallResult, type CallVerdict, judgeBody } from '../domain/retry-policy.ts'
import { type BudgetedCall, callHelpcrunch, type SetAside, servedBy } from './call-helpcrunch.ts'
import type { ChatClaim } from './chat-claim.ts'
import type { ChatCallDependencies } from './forbidden-calls.ts'
import type { PendingDecision } from './pending-decision.ts'

/** A chat that waits for its move, or for the decision before it, and whose it is. */
export interface WaitingMove {
  readonly chatId: number
  readonly customerId: number
}

/** The port this service needs; `adapters/prisma/waiting-moves.ts` implements it. */
export interface WaitingMoves {
  /** Those whose turn it is, in its order. */
  next(limit: number): Promise<readonly WaitingMove[]>
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

export interface Confirmed extends WaitingMove {
  readonly departmentId: number
}

export type SharedLook =
  | { readonly kind: 'seen'; readonly chat: ChatState; readonly setAside: SetAside | undefined }
  /** It has to be looked at by itself. */
  | { readonly kind: 'not_seen' }
  /** The look did not reach its goal, for a reason that would meet any other call as well. */
  | { readonly kind: 'failed'; readonly call: BudgetedCall<FailedVerdict>; readonly setAside: SetAside | undefined }

type FailedVerdict = Extract<CallVerdict, { kind: 'unauthorized' | 'throttled' }>
type StatesVerdict = BodyVerdict<ReadonlyMap<number, ChatState>>

/** An agent's move after the look is overridden: so what it has shown does not count for long. */
const SEEN_MS_MAX = 250
/** So that even with a few chats of each they fit the hundred that one reply holds at most. */
const CUSTOMERS_MAX = 30
const CHATS_MAX = 100
/** For fewer others, what nobody knows about searches is not worth what a search spares. */
const OTHERS_MIN = 3
/** Our own last move proves that a search does not lag behind, unless it is older than the lag could be. */
const WITNESS_MS_MAX = 120_000
/** For so long no search is made after one that failed, and after one that was refused or showed what was no longer so. */
const DISTRUST_MS = { failed: 60_000, wrong: 600_000 }
/** Where nothing was moved yet, the others wait so long for the move of the first one, to look at all of them together then. */
const FIRST_MOVE_MS_MAX = 2_000

const NOT_SEEN = { kind: 'not_seen' } as const

/**
 * Makes the looks of one process. Nobody outside knows whether `POST /chats/search` is as up to date as `GET /chats/{id}`. So
 * each search also asks for the chat that we moved last: only one that shows it where we put it is believed.
 */
export function createSharedLooks(deps: SharedLookDependencies): SharedLooks {
  let witness: (Confirmed & { readonly atMs: number }) | undefined
  let seen = { chats: new Map<number, ChatState>(), atMs: Number.NEGATIVE_INFINITY }
  let underWay: Promise<unknown> | undefined
  let first: (PromiseWithResolvers<void> & { readonly chatId: number }) | undefined
  let trustedFromMs = Number.NEGATIVE_INFINITY

  /** What was seen of a chat is good for one move. */
  const take = (chatId: number): ChatState | undefined => {
    const chat = performance.now() - seen.atMs <= SEEN_MS_MAX ? seen.chats.get(chatId) : undefined
    seen.chats.delete(chatId)
    return chat
  }
  /** Whether the reply shows the chats as they are; it is the witness who says. */
  const believe = (verdict: StatesVerdict, proof: Confirmed): boolean => {
    const problem = findProblem(verdict, proof)
    if (problem === undefined) return true
    const forMs = verdict.kind === 'try_again' ? DISTRUST_MS.failed : DISTRUST_MS.wrong
    trustedFromMs = performance.now() + forMs
    deps.log.warn({ problem, forMs }, 'looks.not_shared')
    return false
  }

  async function look(claim: ChatClaim, pending: PendingDecision, customerId: number): Promise<SharedLook> {
    if (performance.now() < trustedFromMs) return NOT_SEEN
    const waiting = await deps.waitingMoves.next(CHATS_MAX)
    const others = waiting.filter(({ chatId }) => chatId !== claim.chatId)
    if (others.length < OTHERS_MIN) return NOT_SEEN
    const proof = witness && performance.now() - witness.atMs <= WITNESS_MS_MAX ? witness : undefined
    if (proof === undefined) {
      first = { ...Promise.withResolvers<void>(), chatId: claim.chatId }
      return NOT_SEEN
    }
    const chats = [{ chatId: claim.chatId, customerId }, proof, ...others]
    const wanted = new Set(chats.map(({ chatId }) => chatId))
    const own = deps.forbidden.watch('look_before_move', '/chats/search')
    const call = await callHelpcrunch(
      deps,
      { kind: 'look_before_move', others: others.length, ...servedBy(claim, pending) },
      { method: 'POST', path: '/chats/search', body: searchFor(chats) },
      (result) => judgeStates(result, wanted, claim.chatId),
    )
    if (call.kind !== 'answered') return { kind: 'failed', call, setAside: undefined }
    const { verdict, setAside } = call
    if (verdict.kind === 'throttled') return { kind: 'failed', call: { ...call, verdict }, setAside }
    const isBelieved = believe(verdict, proof)
    if (verdict.kind === 'unauthorized') return { kind: 'failed', call: { ...call, verdict }, setAside }
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
    if (first) await Promise.race([first.promise, sleep(FIRST_MOVE_MS_MAX, undefined, { ref: false })])
    first = undefined
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
    confirm(move) {
      witness = { ...move, atMs: performance.now() }
    },
    workEnded(chatId) {
      if (first?.chatId === chatId) first.resolve()
    },
  }
}

/** Chats can be searched by their customers, not by their ids; the newest first, as those that wait are (page "Search chats"). */
function searchFor(chats: readonly WaitingMove[]): object {
  const customers = [...new Set(chats.map(({ customerId }) => customerId))].slice(0, CUSTOMERS_MAX)
  const filter = customers.map((value) => ({ field: 'chats.customer', operator: '=', value }))
  return { comparison: 'OR', filter, sort: 'chats.createdAt', order: 'desc', offset: 0, limit: CHATS_MAX }
}

function findProblem(verdict: StatesVerdict, { chatId, departmentId }: Confirmed): string | undefined {
  if (verdict.kind !== 'done') return 'POST /chats/search did not answer with chats.'
  const isShown = verdict.value.get(chatId)?.departmentId === departmentId
  return isShown
    ? undefined
    : `POST /chats/search does not show that we moved chat ${chatId} to department ${departmentId}.`
}

/** Judges the reply and says what to keep of it, the chat that asked first: who the customers of the others are is nothing to keep there. */
function judgeStates(
  result: CallResult,
  wanted: ReadonlySet<number>,
  ownId: number,
): StatesVerdict & { readonly kept?: string } {
  // A key that may not search may still look at chats one by one: no reason to stop all calls.
  if (result.kind === 'response' && result.status === 403) return { kind: 'refused' }
  const verdict = judgeBody(result, (json) => readChatStates(json, wanted))
  switch (verdict.kind) {
    case 'done': {
      const chats = [...verdict.value].map(([id, state]) => ({ id, ...state }))
      return {
        ...verdict,
        kept: JSON.stringify(chats.toSorted((a, b) => Number(b.id === ownId) - Number(a.id === ownId))),
      }
    }
    case 'wrong_body':
      return { ...verdict, kept: '' }
    default:
      return verdict
  }
}
