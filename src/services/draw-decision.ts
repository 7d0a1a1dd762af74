import { decide, isStateKnown, type RoutingPolicy, type RoutingRecord, reasonToLeave } from '../domain/decide.ts'
import { NOT_YET_MS_MAX } from '../domain/retry-policy.ts'
import type { CompiledRuleset } from '../domain/ruleset.ts'
import type { Gathering } from './gather-facts.ts'
import { type NotNow, notYet } from './look-up.ts'
import type { NewDecision } from './new-decision.ts'
import type { WaitingEvent } from './waiting-event.ts'

type Gathered = Exclude<Gathering, NotNow>

/** A new chat and its first message are told of at the same moment, in any order: the default is for what rules for new chats leave. */
export function untilChatComes({ event, chat }: Gathered): NotNow | undefined {
  const isOld = chat.createdAt !== undefined && event.happenedAt.getTime() - chat.createdAt.getTime() > NOT_YET_MS_MAX
  return event.isAheadOfChat && !isOld ? notYet(event) : undefined
}

/** The decision to record. */
export function drawDecision(policy: RoutingPolicy, { version }: CompiledRuleset, gathering: Gathered): NewDecision {
  const { event, facts, chat, openLookups } = gathering
  const { mode } = policy
  const { departmentId: departmentFrom, ...rest } = chat
  // Where a chat was before the newer event moved it, nobody has put it since.
  const seen = event.isOvertaken ? rest : chat
  const record = recordOf(policy, event)
  const base = { mode, departmentFrom, facts, openLookups, rulesetVersion: version }
  if (gathering.kind !== 'gathered') {
    const nothing = { winner: null, departmentTo: undefined, stateAgeMs: undefined }
    if (gathering.kind === 'gave_up') return { ...base, ...nothing, outcome: 'failed', reason: 'lookup_failed' }
    return { ...base, ...nothing, outcome: 'skipped', reason: reasonToLeave(seen, record) }
  }
  const { winner } = gathering.search
  const { outcome, reason, departmentId } = decide(winner, seen, record, policy, event.isOvertaken)
  const stateAgeMs = isStateKnown(chat) ? gathering.stateAgeMs : undefined
  return { ...base, outcome, reason, winner, departmentTo: departmentId, stateAgeMs }
}

/** What we have done to the chat; in shadow mode, what we would have done. */
export function recordOf({ mode }: RoutingPolicy, { record, shadowDepartmentId }: WaitingEvent): RoutingRecord {
  return mode === 'shadow' && shadowDepartmentId !== undefined
    ? { ...record, pendingDepartmentId: shadowDepartmentId }
    : record
}
