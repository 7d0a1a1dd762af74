import type { Account } from './account.ts'
import type { ApiReply } from './api-replies.ts'
import { refuse } from './api-replies.ts'
import type { ApiRequest, Route } from './api-request.ts'
import { listPage } from './api-request.ts'
import { extended, restAgent, restCustomer } from './rest-models.ts'
import { chatRoutes } from './routes-chats.ts'
import { putRoutes } from './routes-puts.ts'
import { searchRoutes } from './routes-search.ts'

/** Answers a call as HelpCrunch would, changing the account where the call does. */
export function answerApiRequest(account: Account, request: ApiRequest): ApiReply {
  for (const route of ROUTES) {
    const match = request.method === route.method ? route.pattern.exec(request.path) : null
    if (match !== null) return route.answer(account, request, Number(match[1]))
  }
  return refuse(account.switches, { kind: 'not_found', resource: 'Route' })
}

const referenceRoutes: readonly Route[] = [
  {
    method: 'GET',
    pattern: /^\/v1\/customers\/(\d+)$/,
    answer(account, _request, id) {
      const customer = account.customers.get(id)
      if (customer === undefined || customer.visibleAt > account.now()) {
        return refuse(account.switches, { kind: 'not_found', resource: 'Customer' })
      }
      return { status: 200, body: restCustomer(account, customer) }
    },
  },
  {
    method: 'GET',
    pattern: /^\/v1\/customers$/,
    answer(account, request) {
      const visible = [...account.customers.values()].filter((customer) => customer.visibleAt <= account.now())
      const customers = visible.map((customer) => restCustomer(account, customer))
      return listPage(account, request, customers)
    },
  },
  {
    method: 'GET',
    pattern: /^\/v1\/departments$/,
    answer(account, request) {
      const departments = [...account.departments.values()].map(({ id, name, agentIds }) =>
        extended(account, { id, name, agents: agentIds.map((agentId) => restAgent(account, agentId)) }),
      )
      return listPage(account, request, departments)
    },
  },
  {
    method: 'GET',
    pattern: /^\/v1\/agents$/,
    answer(account, request) {
      const agents = [...account.agents.values()].map((agent) => extended(account, { ...agent }))
      return listPage(account, request, agents)
    },
  },
  {
    method: 'GET',
    pattern: /^\/v1\/organization$/,
    // The one reply that is wrapped in `data` although it is no list.
    answer: (account) => ({
      status: 200,
      body: { data: extended(account, { id: 1, domain: 'sandbox', teamOnline: true, chatEnabled: true }) },
    }),
  },
]

const ROUTES: readonly Route[] = [...chatRoutes, ...searchRoutes, ...putRoutes, ...referenceRoutes]
