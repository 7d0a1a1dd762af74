import type { Account, Agent, Customer, Department } from './account.ts'
import { existing } from './account.ts'
import { webhookCustomer } from './webhook-models.ts'

/** Everything about a customer that a script may choose; the id is given out unless it is named. */
export type CustomerFields = Partial<Customer>

/** Scripts customers, agents and departments. */
export interface CustomerScript {
  /** Adds a customer without an event: `customer.new` goes out with the first chat. */
  addCustomer(fields?: CustomerFields): Customer
  /** Changes a customer and sends the events for what HelpCrunch has events for: e-mail, tags, subscription, block. */
  updateCustomer(id: number, fields: Omit<CustomerFields, 'id'>): Customer
  tagCustomer(id: number, tag: string): Customer
  /** Removes a customer, whose chats remain, and sends `customer.deleted`. */
  deleteCustomer(id: number): void
  addDepartment(fields: Partial<Department> & Pick<Department, 'name'>): Department
  addAgent(fields: Partial<Agent> & Pick<Agent, 'name'>): Agent
}

/** The customer script of one account. */
export function createCustomerScript(account: Account): CustomerScript {
  const script: CustomerScript = {
    addCustomer(fields = {}) {
      const customer: Customer = { ...unknownCustomer(account.nextId(), account.now()), ...fields }
      account.customers.set(customer.id, customer)
      account.changes.announce()
      return customer
    },
    updateCustomer(id, fields) {
      const customer = existing(account.customers, id, 'customer')
      const before = { ...customer }
      Object.assign(customer, fields)
      for (const event of changeEvents(before, customer)) account.emit(event, webhookCustomer(account, customer))
      account.changes.announce()
      return customer
    },
    tagCustomer(id, tag) {
      const { tags } = existing(account.customers, id, 'customer')
      return script.updateCustomer(id, { tags: [...tags, tag] })
    },
    deleteCustomer(id) {
      const customer = existing(account.customers, id, 'customer')
      account.customers.delete(id)
      account.emit('customer.deleted', webhookCustomer(account, customer))
      account.changes.announce()
    },
    addDepartment(fields) {
      const department: Department = { id: account.nextId(), agentIds: [], ...fields }
      account.departments.set(department.id, department)
      return department
    },
    addAgent(fields) {
      const id = fields.id ?? account.nextId()
      const agent: Agent = { id, email: `agent-${id}@example.test`, role: 'agent', ...fields }
      account.agents.set(agent.id, agent)
      return agent
    },
  }
  return script
}

function unknownCustomer(id: number, now: Date): Customer {
  const unknownText = { name: null, email: null, userId: null, company: null, phone: null, locale: null }
  const unknownOrigin = {
    countryCode: null,
    city: null,
    timezone: null,
    platform: null,
    source: null,
    createdFrom: null,
  }
  const state = { tags: [], customData: {}, unsubscribed: false, blocked: false }
  return { id, ...unknownText, ...unknownOrigin, ...state, firstSeenAt: now, isAnnounced: false, visibleAt: now }
}

/** There is no event for a change of name, locale, phone or custom data. */
function changeEvents(before: Customer, after: Customer): string[] {
  const events: string[] = []
  if (before.email !== after.email) events.push('customer.email_updated')
  if (before.tags.join('\n') !== after.tags.join('\n')) events.push('customer.tags_changed')
  if (before.unsubscribed !== after.unsubscribed) {
    events.push(after.unsubscribed ? 'customer.unsubscribed' : 'customer.subscribed')
  }
  if (before.blocked !== after.blocked) events.push(after.blocked ? 'customer.blocked' : 'customer.unblocked')
  return events
}
