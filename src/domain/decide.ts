import type { ChatSnapshot } from './chat-snapshot.ts'
import type { CompiledRule } from './ruleset.ts'

export type FinalOutcome = 'applied' | 'unchanged' | 'no_match' | 'skipped' | 'shadow' | 'rejected' | 'failed'
export type Outcome = 'pending' | FinalOutcome

/** Why a chat was left alone although a rule, or the default, would have moved it. */
export type SkipReason = 'already_routed' | 'moved_by_person' | 'closed' | 'assigned'

/** What is decided when no rule won has no rule's priority: it goes last. */
export const NO_RULE_PRIORITY = 0

/** When the budget is short, the move of the higher rule goes first. */
export function priorityOf(winner: CompiledRule | null): number {
  return winner?.rule.document.priority ?? NO_RULE_PRIORITY
}

/** What the service itself has done to the chat so far. */
export interface RoutingRecord {
  /** Where the chat was before the first move; null is "in no department", undefined is not known. */
  readonly originalDepartmentId: number | null | undefined
  /** Where the last applied decision moved it; undefined before the first. */
  readonly routedDepartmentId: number | undefined
  /** The department of a decision that still waits for its call. */
  readonly pendingDepartmentId: number | undefined
  /** Where calls may have moved it whose replies were lost, or told of trouble. */
  readonly triedDepartmentIds: readonly number[]
}

/** Whether we have moved the chat, or are about to. */
export function isRouted({ routedDepartmentId, pendingDepartmentId }: RoutingRecord): boolean {
  return (routedDepartmentId ?? pendingDepartmentId) !== undefined
}

/** The settings that a decision depends on. */
export interface RoutingPolicy {
  readonly mode: 'live' | 'shadow'
  readonly defaultDepartmentId: number | undefined
  readonly leaveAssigned: boolean
}

/** `departmentId` is where the chat should go; undefined when nothing wants it moved. */
export interface Verdict {
  readonly outcome: Extract<Outcome, 'pending' | 'unchanged' | 'no_match' | 'skipped' | 'shadow'>
  readonly reason: SkipReason | 'default_department' | undefined
  readonly departmentId: number | undefined
}

/**
 * What is to become of a chat, from the rule that won (null: none did), what is known of the chat, and our own record of it.
 * `isOvertaken`: an event that happened later, and came sooner, has said already where the chat belongs.
 */
export function decide(
  winner: CompiledRule | null,
  chat: ChatSnapshot,
  record: RoutingRecord,
  policy: RoutingPolicy,
  isOvertaken = false,
): Verdict {
  const departmentId = winner?.rule.document.department ?? policy.defaultDepartmentId
  if (departmentId === undefined) return { outcome: 'no_match', reason: undefined, departmentId }
  const reroute = winner?.rule.document.reroute ?? false
  const check = checkMove(departmentId, reroute, chat, record, policy)
  if (check.kind === 'skip') return { outcome: 'skipped', reason: check.reason, departmentId }
  // Not even a rule that may reroute: what it rests on is older than where the chat has gone since.
  if (isOvertaken) return { outcome: 'skipped', reason: 'already_routed', departmentId }
  const reason = winner === null ? 'default_department' : undefined
  if (check.kind === 'unchanged') return { outcome: 'unchanged', reason, departmentId }
  return { outcome: policy.mode === 'shadow' ? 'shadow' : 'pending', reason, departmentId }
}

export type MoveCheck =
  | { readonly kind: 'move' }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'skip'; readonly reason: SkipReason }

/**
 * Whether a chat may be moved to a department, as far as is known. Asked when deciding, and again with the chat as it is
 * just before the call, because an agent may have been faster. What is not known does not stop a move here.
 */
export function checkMove(
  departmentId: number,
  reroute: boolean,
  chat: ChatSnapshot,
  record: RoutingRecord,
  policy: Pick<RoutingPolicy, 'leaveAssigned'>,
): MoveCheck {
  if (chat.status === 'closed') return { kind: 'skip', reason: 'closed' }
  if (chat.departmentId !== departmentId && wasMovedByPerson(chat, record))
    return { kind: 'skip', reason: 'moved_by_person' }
  if (isRouted(record) && !reroute) return { kind: 'skip', reason: 'already_routed' }
  if (chat.departmentId === departmentId) return { kind: 'unchanged' }
  if (policy.leaveAssigned && chat.assigneeId != null) return { kind: 'skip', reason: 'assigned' }
  return { kind: 'move' }
}

/** Why a chat that we have moved is left alone by rules none of which may move it again, whichever of them wins. */
export function reasonToLeave(chat: ChatSnapshot, record: RoutingRecord): SkipReason {
  if (chat.status === 'closed') return 'closed'
  return wasMovedByPerson(chat, record) ? 'moved_by_person' : 'already_routed'
}

/** Whether everything is known that `checkMove` looks at. */
export function isStateKnown(chat: ChatSnapshot): boolean {
  return chat.status !== undefined && chat.departmentId !== undefined && chat.assigneeId !== undefined
}

/** A department that is neither what it was nor what we set is somebody's choice: an agent's, or another tool's. */
function wasMovedByPerson(chat: ChatSnapshot, record: RoutingRecord): boolean {
  const { originalDepartmentId, routedDepartmentId, triedDepartmentIds } = record
  const { departmentId } = chat
  if (departmentId === undefined || departmentId === routedDepartmentId) return false
  if (departmentId !== null && triedDepartmentIds.includes(departmentId)) return false
  // A chat whose first event was a message has no known beginning; once we have moved it, any other place is a choice.
  if (originalDepartmentId === undefined) return routedDepartmentId !== undefined
  return departmentId !== originalDepartmentId
}
