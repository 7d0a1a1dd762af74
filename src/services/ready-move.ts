import type { ApiRequest } from './call-ledger.ts'
import type { NewDecision } from './new-decision.ts'

/**
 * Older than this, the chat is read again before it is moved: HelpCrunch has no If-Match, so an agent's own move in between
 * could only be overridden.
 */
const FRESH_MS = 1_000
/** More moves than this in ten minutes are a fight with another router, or a rule that undoes another. */
const RECENT_MOVES_MAX = 3

export function isFresh(stateAgeMs: number | undefined): stateAgeMs is number {
  return stateAgeMs !== undefined && stateAgeMs <= FRESH_MS
}

export function movedTooOften(recentMoves: readonly number[]): boolean {
  return recentMoves.length >= RECENT_MOVES_MAX
}

/** The call that moves a chat. */
export function moveRequest(chatId: number, departmentId: number): ApiRequest {
  return { method: 'PUT', path: '/chats/department', body: { id: chatId, department: departmentId } }
}

/** The move of a decision that needs nothing before it: it can be opened along with the record of the decision. */
export interface ReadyMove extends ApiRequest {
  /** For how long, from when it was drawn, the chat's state is fresh. */
  readonly freshForMs: number
}

export function readyMove(
  chatId: number,
  decision: NewDecision,
  recentMoves: readonly number[],
): ReadyMove | undefined {
  const { outcome, departmentTo, stateAgeMs } = decision
  if (outcome !== 'pending' || departmentTo === undefined) return undefined
  if (!isFresh(stateAgeMs) || movedTooOften(recentMoves)) return undefined
  return { ...moveRequest(chatId, departmentTo), freshForMs: FRESH_MS - stateAgeMs }
}
