import { EVENTS_DEFAULT, type RuleDocument } from './rule.ts'
import type { CompiledRuleset } from './ruleset.ts'

/** Whether a rule is tried at all on events of a type. */
export function listensTo(rule: RuleDocument, eventType: string): boolean {
  const events: readonly string[] = rule.events ?? EVENTS_DEFAULT
  return events.includes(eventType)
}

/** Whether any rule that is evaluated, be it in shadow, listens to events of a type. */
export function isHeard(ruleset: CompiledRuleset, eventType: string): boolean {
  return ruleset.rules.some(({ rule: { document } }) => {
    return (document.status === 'enabled' || document.status === 'shadow') && listensTo(document, eventType)
  })
}

/** Whether an event of a type could move a chat that has been routed already. */
export function mayReroute(ruleset: CompiledRuleset, eventType: string): boolean {
  return ruleset.rules.some(({ rule: { document } }) => {
    return document.status === 'enabled' && document.reroute === true && listensTo(document, eventType)
  })
}
