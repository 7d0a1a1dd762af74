import type { CallResult } from '../domain/retry-policy.ts'
import type { ChatClaim } from './chat-claim.ts'
import type { Settlement } from './pending-decision.ts'
import type { LookedUpCustomer } from './waiting-event.ts'

/** The port for the account's budget and the record of calls; `adapters/prisma/call-ledger.ts` implements it. */
export interface CallLedger {
  /** Takes one call of the budget and opens its attempt row, if the claim still holds: one statement, right before the call. */
  open(purpose: CallPurpose, request: ApiRequest): Promise<CallOpening>
  /** Gives back a call that is not needed after all. */
  giveBack(setAside: SetAside): Promise<void>
  /** Records what came of the call, and does what follows; false when it settles nothing, or the claim was lost. One statement. */
  close(reply: Reply): Promise<boolean>
}

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT'
  /** Below the API's base address: `/chats/department`. */
  readonly path: string
  readonly body?: unknown
}

/**
 * What a call is made for. When the budget is short, moves go before look-ups, those of the highest rule first. A look before
 * a move sets a second call of the budget aside for the move: without that, a short budget is spent on looking again and again.
 * One that is shared waits until some of the others' moves can follow as well, while what it has shown is fresh.
 */
export interface CallPurpose {
  readonly kind: 'look_up' | 'look_before_move' | 'move'
  /** For a move, and a look before it: of the rule that decided. */
  readonly rulePriority?: number
  /** For a look that is shared: how many more chats it is for. */
  readonly others?: number
  /** For a move: what the look before it has set aside. */
  readonly setAside?: SetAside | undefined
  /** For a move: its call, where the statement that recorded the decision has opened it. */
  readonly opened?: OpenCall | undefined
  /** The caller records a good reply itself, along with what it leads to. */
  readonly recordsReply?: true
  /** The chat and event it serves; absent for calls that serve no chat, such as listing the departments. */
  readonly chat?: { readonly claim: ChatClaim; readonly eventSeq: bigint }
}

/** A call of the budget that waits for its use; it is somebody else's when it was taken again since. */
export interface SetAside {
  readonly slot: number
  readonly takenAt: Date
}

export interface OpenCall {
  readonly attemptId: bigint
  readonly number: number
  /** The one call let through after a pause, to see whether it is over. */
  readonly isProbe: boolean
  readonly setAside: SetAside | undefined
}

export type CallOpening =
  | { readonly kind: 'opened'; readonly call: OpenCall }
  | { readonly kind: 'no_budget'; readonly waitMs: number }
  | { readonly kind: 'claim_lost' }

/** What came of a call, to be recorded with what follows from it. */
export interface Reply {
  readonly call: OpenCall
  readonly ending: CallEnding
  readonly followUp: FollowUp | undefined
}

export interface CallEnding {
  readonly result: CallResult
  readonly durationMs: number
  /** What is wrong with a reply that was a success by its status. */
  readonly problem: string | undefined
  readonly effect: AccountEffect
}

/** What a reply does to the account: `pause` stops every call of every replica. */
export type AccountEffect =
  | { readonly kind: 'none' }
  | { readonly kind: 'resume' }
  | { readonly kind: 'pause'; readonly reason: 'unauthorized' | 'throttled'; readonly forMs: number | undefined }

/** What follows from a reply, in the statement that records it. */
export type FollowUp =
  | { readonly kind: 'settle'; readonly settlement: Settlement }
  | { readonly kind: 'keep'; readonly customer: LookedUpCustomer }
