import { eventsOf } from './listening.ts'
import type { RuleDocument } from './rule.ts'
import { clockTime, isOpen } from './schedule.ts'

/** Whether a rule is evaluated at all for an event, or why it is not. */
export type Consideration = { kind: 'considered' } | { kind: 'not_considered'; why: string }

/** Status, events and schedule come before the conditions. `at` is when the event happened. */
export function considerRule(rule: RuleDocument, eventType: string, at: Date): Consideration {
  if (rule.status === 'draft') return { kind: 'not_considered', why: 'A draft is never evaluated.' }
  if (rule.status === 'disabled') return { kind: 'not_considered', why: 'Disabled.' }
  const events = eventsOf(rule)
  if (!events.includes(eventType)) return { kind: 'not_considered', why: `Only listens to ${events.join(', ')}.` }
  const closed = whyClosed(rule, at)
  return closed === undefined ? { kind: 'considered' } : { kind: 'not_considered', why: closed }
}

/** Why a rule's schedule keeps it from being tried at a moment; undefined when it does not. */
export function whyClosed({ schedule }: RuleDocument, at: Date): string | undefined {
  if (schedule === undefined || isOpen(schedule, at)) return undefined
  const { timezone, outside } = schedule
  const where = outside === true ? 'Only outside its windows' : 'Outside its schedule'
  return `${where} (${timezone}): it was ${clockTime(timezone, at)}.`
}
