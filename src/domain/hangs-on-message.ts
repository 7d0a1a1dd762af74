import type { Lookup } from './facts.ts'
import type { RoutingCase } from './find-winner.ts'
import type { PreparedCondition } from './prepared-conditions.ts'
import type { CompiledRuleset } from './ruleset.ts'
import { tryRule } from './try-rules.ts'

const MESSAGE_FACTS = ['message', 'messageLanguage']

/**
 * Whether a message could still make another rule win, for a chat that has been looked up and has none. What else the chat tells is
 * known: a department that is not there will not come with the message.
 */
export function hangsOnMessage(
  ruleset: CompiledRuleset,
  routingCase: RoutingCase,
  openLookups: ReadonlySet<Lookup>,
): boolean {
  const open = new Set<Lookup>([...openLookups, 'chat'])
  for (const compiled of ruleset.enabled.candidates(routingCase.facts, open)) {
    const { conditions } = compiled
    if (conditions.kind === 'broken') continue
    const trial = tryRule({ ...compiled, conditions: openForMessage(conditions) }, routingCase, open)
    if (trial !== 'no_match') return trial === 'open'
  }
  return false
}

/** The same conditions, in which of what a chat tells only its message can still be told. */
function openForMessage(condition: PreparedCondition): PreparedCondition {
  switch (condition.kind) {
    case 'leaf': {
      const isKnown = condition.lookup === 'chat' && !MESSAGE_FACTS.includes(condition.leaf.fact)
      return isKnown ? { ...condition, lookup: undefined } : condition
    }
    case 'not':
      return { ...condition, member: openForMessage(condition.member) }
    default:
      return { ...condition, members: condition.members.map(openForMessage) }
  }
}
