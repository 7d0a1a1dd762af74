import type { RuleDocument } from './rule.ts'
import type { CompiledRuleset } from './ruleset.ts'

/** The types of the events that a rule is tried on: new chats, unless it says otherwise. */
export function eventsOf(rule: RuleDocument): readonly string[] {
  return rule.events ?? ['chat.new']
}

/** Whether a rule is tried at all on events of a type. */
export function listensTo(rule: RuleDocument, eventType: string): boolean {
  return eventsOf(rule).includes(eventType)
}

/** Whether events of a type are decided on: new chats always, be it that nothing matches; others only when somebody wrote a rule for them. */
export function isDecided(ruleset: CompiledRuleset, eventType: string): boolean {
  return eventType === 'chat.new' || isHeard(ruleset, eventType)
}

/** Whether any rule that is evaluated, be it in shadow, listens to events of a type. */
function isHeard(ruleset: CompiledRuleset, eventType: string): boolean {
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
