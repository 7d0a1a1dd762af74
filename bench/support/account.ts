import type { CustomerFields } from '../../src/sandbox/simulator/customer-script.ts'
import { type Simulator, startSimulator } from '../../src/sandbox/simulator/simulator.ts'
import type { Scope } from '../../test/support/scope.ts'
import { API_KEY, SIGNING_KEY } from '../../test/support/service.ts'
import { envelope } from '../../test/support/webhooks.ts'
import { routedBy } from './rule-sets.ts'

/** A simulated HelpCrunch with as many customers as wanted, for each of whom one of the rules was written. */
export interface Account {
  readonly simulator: Simulator
  addCustomers(count: number, rules: number, more?: (index: number) => CustomerFields): readonly number[]
  /** Opens a chat of this customer, unannounced, and gives the webhook that would tell of it. */
  openChat(customerId: number, departmentId?: number): ChatEvent
}

export interface ChatEvent {
  readonly chatId: number
  readonly event: object
}

/** Starts one whose calls take so long, and are limited by nothing but that. */
export async function startAccount(scope: Scope, latencyMs: number): Promise<Account> {
  const simulator = await startSimulator({
    apiKey: API_KEY,
    signingKeys: [SIGNING_KEY],
    switches: { rateLimitPerMinute: 1_000_000 },
    latency: { minMs: latencyMs, maxMs: latencyMs },
  })
  scope.teardown(() => simulator.stop())
  for (let id = 10; id < 30; id++) simulator.addDepartment({ id, name: `Department ${id}` })
  return {
    simulator,
    addCustomers: (count, rules, more = () => ({})) =>
      Array.from({ length: count }, (_, index) => {
        const { language, plan, tag } = routedBy(index % rules)
        const told = { locale: `${language}-AT`, tags: [tag], customData: { plan } }
        return simulator.addCustomer({ ...told, ...more(index) }).id
      }),
    openChat(customerId, departmentId) {
      const chat = simulator.openChat({ customerId, ...(departmentId !== undefined && { departmentId }) })
      const department = departmentId === undefined ? null : { id: departmentId, name: `Department ${departmentId}` }
      const userId = simulator.customers.get(customerId)?.userId ?? null
      const customer = { id: customerId, name: `Customer ${customerId}`, email: null, userId }
      const eventData = { chat_id: chat.id, customer, status: 'new', department, assignee: null }
      return { chatId: chat.id, event: envelope({ eventData }) }
    },
  }
}
