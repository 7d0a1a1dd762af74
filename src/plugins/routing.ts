import { randomUUID } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import type { Guard } from '../adapters/failpoints.ts'
import { createHelpcrunchClient } from '../adapters/helpcrunch/client.ts'
import { createApplicationJournal } from '../adapters/prisma/application-journal.ts'
import { createCallLedger } from '../adapters/prisma/call-ledger.ts'
import { createChatClaims } from '../adapters/prisma/chat-claims.ts'
import { createCustomerStore } from '../adapters/prisma/customer-store.ts'
import { createDecisionJournal } from '../adapters/prisma/decision-journal.ts'
import { createEventInbox } from '../adapters/prisma/event-inbox.ts'
import { createSharing } from '../adapters/prisma/share-statement.ts'
import { createWaitingMoves } from '../adapters/prisma/waiting-moves.ts'
import type { RoutingPolicy } from '../domain/decide.ts'
import { createApiAddress } from '../services/api-address.ts'
import { applyDecision } from '../services/apply-decision.ts'
import { decideEvents, type Rulesets } from '../services/decide-events.ts'
import { createForbiddenCalls } from '../services/forbidden-calls.ts'
import { learnCustomer } from '../services/learn-customer.ts'
import { createDepartmentLister, type DepartmentCache, type DepartmentList } from '../services/list-departments.ts'
import { type Receipt, receiveEvent } from '../services/receive-event.ts'
import { createSharedLooks } from '../services/shared-looks.ts'
import type { WorkEnding } from '../services/waiting-event.ts'

/** What becomes of a webhook, and whatever else calls HelpCrunch. */
export interface RoutingServices {
  /** Of this process, among all that share the database. */
  readonly workerId: string
  receiveEvent(body: Uint8Array): Promise<Receipt>
  decideEvents(chatId: number): Promise<WorkEnding>
  applyDecision(chatId: number): Promise<WorkEnding>
  learnCustomer(seq: bigint): Promise<void>
  listDepartments(refresh: boolean): Promise<DepartmentList | undefined>
  /** Breaks off the calls under way: each is a failed try then, and comes again as any other. */
  abortCalls(): Promise<void>
}

interface Shared {
  readonly rulesets: Rulesets
  readonly policy: RoutingPolicy
  readonly departments: DepartmentCache
}

/** To list the departments. */
const CALLS_BESIDE_JOBS = 1

/** Wires them; `guard` stands between them and their ports, for tests of crashes. */
export function createRoutingServices(
  app: FastifyInstance,
  guard: Guard,
  { rulesets, policy, departments }: Shared,
): RoutingServices {
  const { config, log } = app
  const { query } = app.database
  const client = createHelpcrunchClient({
    baseUrl: config.HELPCRUNCH_API_URL,
    apiKey: config.HELPCRUNCH_API_KEY,
    timeoutMs: config.HELPCRUNCH_TIMEOUT_MS,
    connections: config.WORKER_CONCURRENCY + CALLS_BESIDE_JOBS,
  })
  app.addHook('onClose', () => client.close())

  const workerId = randomUUID()
  const share = createSharing()
  const calls = {
    client: guard('client', client),
    ledger: guard('ledger', createCallLedger(query, share)),
    address: createApiAddress(() => listDepartments(true)),
    log,
  }
  const listDepartments = createDepartmentLister({ ...calls, departments })
  const claims = guard('claims', createChatClaims(query, share, workerId))
  const work = { ...calls, forbidden: createForbiddenCalls(), claims, policy, random: Math.random }
  const looks = createSharedLooks({ ...work, waitingMoves: guard('waitingMoves', createWaitingMoves(query)) })
  const applying = { ...work, looks, applications: guard('applications', createApplicationJournal(query)) }
  const journal = guard('journal', createDecisionJournal(query, share, workerId))
  const deciding = { ...applying, journal, rulesets, planField: config.PLAN_FIELD }
  const inbox = guard('inbox', createEventInbox(query, share))
  const customers = guard('customers', createCustomerStore(query))

  return {
    workerId,
    receiveEvent: (body) => receiveEvent(inbox, log, body),
    decideEvents: (chatId) => decideEvents(deciding, chatId),
    applyDecision: (chatId) => applyDecision(applying, chatId),
    learnCustomer: (seq) => learnCustomer(customers, log, seq),
    listDepartments,
    abortCalls: () => client.close(),
  }
}
