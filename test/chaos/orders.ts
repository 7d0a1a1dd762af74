import type { RuleDocument } from '../../src/domain/rule.ts'
import type { Simulator } from '../../src/sandbox/simulator/simulator.ts'
import { rule } from '../support/rules.ts'
import { envelope } from '../support/webhooks.ts'

/** Departments that chats are ordered to, by their place in a chat's life. */
export const ORDERED = Array.from({ length: 10 }, (_, index) => 101 + index)

/** Departments of their own, and rules by which a customer's message "to 103" brings the chat to 103, wherever it was. */
export function addOrderedDepartments(simulator: Simulator): void {
  for (const id of ORDERED) simulator.addDepartment({ id, name: `Department ${id}`, agentIds: [] })
}

export const ORDER_RULES: readonly RuleDocument[] = ORDERED.map((department) =>
  rule({
    ...{ key: `to-${department}`, department, reroute: true, events: ['message.chat.customer'] },
    conditions: { fact: 'message', operator: 'equal', value: `to ${department}` },
  }),
)

/** The webhook about a message that orders its chat to a department. */
export function orderTo(department: number, chatId: number, parts: Readonly<Record<string, unknown>> = {}) {
  const message = { id: chatId, text: `to ${department}` }
  const eventData = { chat_id: chatId, agent: null, customer: { id: 9011 }, message }
  return envelope({ event: 'message.chat.customer', eventData, ...parts })
}
