import { FACTS, type Facts, type Lookup } from './facts.ts'
import { findWinner, type RoutingCase } from './find-winner.ts'
import type { CompiledRuleset } from './ruleset.ts'

const MESSAGE_FACTS = ['message', 'messageLanguage']
const OTHER_CHAT_FACTS = FACTS.filter(({ name, lookup }) => lookup === 'chat' && !MESSAGE_FACTS.includes(name))
const NOTHING_ELSE: Facts = Object.fromEntries(OTHER_CHAT_FACTS.map(({ name }) => [name, null]))

/**
 * Whether a message could still make another rule win, for a chat that has been looked up and has none. What else the chat tells is
 * known: a department that is not there will not come with the message.
 */
export async function hangsOnMessage(
  ruleset: CompiledRuleset,
  routingCase: RoutingCase,
  openLookups: ReadonlySet<Lookup>,
): Promise<boolean> {
  const facts = { ...NOTHING_ELSE, ...routingCase.facts }
  const search = await findWinner(ruleset, { ...routingCase, facts }, new Set([...openLookups, 'chat']))
  return search.kind === 'lookups_needed'
}
