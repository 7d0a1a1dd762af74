import { randomUUID } from 'node:crypto'
import { resolve } from 'node:path'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Guard } from '../adapters/failpoints.ts'
import { createHelpcrunchClient } from '../adapters/helpcrunch/client.ts'
import { setBudget } from '../adapters/prisma/account.ts'
import { createApplicationJournal } from '../adapters/prisma/application-journal.ts'
import { createCallLedger } from '../adapters/prisma/call-ledger.ts'
import { createChatClaims } from '../adapters/prisma/chat-claims.ts'
import { createCustomerStore } from '../adapters/prisma/customer-store.ts'
import { createDecisionJournal } from '../adapters/prisma/decision-journal.ts'
import { createDecisionReader, type DecisionList } from '../adapters/prisma/decision-reader.ts'
import { createDepartmentStore } from '../adapters/prisma/department-store.ts'
import { createEventInbox } from '../adapters/prisma/event-inbox.ts'
import { createEventReader, type EventReader } from '../adapters/prisma/event-reader.ts'
import { createOldRecords } from '../adapters/prisma/old-records.ts'
import { createRuleReader, type RuleReader } from '../adapters/prisma/rule-reader.ts'
import { createRulesetStore } from '../adapters/prisma/ruleset-store.ts'
import { createSharing } from '../adapters/prisma/share-statement.ts'
import { createWaitingMoves } from '../adapters/prisma/waiting-moves.ts'
import { readRulesDir } from '../adapters/rule-files.ts'
import { ageOut } from '../services/age-out.ts'
import { createApiAddress } from '../services/api-address.ts'
import { applyDecision } from '../services/apply-decision.ts'
import { createPause } from '../services/create-pause.ts'
import { decideEvents } from '../services/decide-events.ts'
import { createForbiddenCalls } from '../services/forbidden-calls.ts'
import { type FileProblem, importRules, type RuleFile } from '../services/import-rules.ts'
import { learnCustomer } from '../services/learn-customer.ts'
import { createDepartmentLister, type DepartmentList } from '../services/list-departments.ts'
import { type ExplainedDecision, readDecision } from '../services/read-decision.ts'
import { type Receipt, receiveEvent } from '../services/receive-event.ts'
import { createSharedLooks } from '../services/shared-looks.ts'
import type { WorkEnding } from '../services/waiting-event.ts'
import { createManagementServices, type ManagementServices } from './management.ts'
import { createReadingServices, type ReadingServices } from './reading.ts'

/** The use cases, with their ports filled in. */
export interface Services extends ReadingServices, ManagementServices {
  /** Of this process, among all that share the database. */
  readonly workerId: string
  receiveEvent(body: Uint8Array): Promise<Receipt>
  decideEvents(chatId: number): Promise<WorkEnding>
  applyDecision(chatId: number): Promise<WorkEnding>
  learnCustomer(seq: bigint): Promise<void>
  /** Deletes what is older than RETENTION_DAYS, and schedules its next run. */
  ageOut(): Promise<void>
  /** Breaks off the calls under way: each is a failed try then, and comes again as any other. */
  abortCalls(): Promise<void>
  readDecision(id: bigint): Promise<ExplainedDecision | undefined>
  listDepartments(refresh: boolean): Promise<DepartmentList | undefined>
  /** As last listed, without asking HelpCrunch; undefined before the first listing. */
  knownDepartments(): Promise<DepartmentList | undefined>
  /** Throws when the database does not answer, or takes no writes. */
  pingDatabase(): Promise<void>
  readonly decisions: DecisionList
  readonly events: EventReader
  readonly rules: RuleReader
}

/** To list the departments. */
const CALLS_BESIDE_JOBS = 1

/** Wires adapters into services, gives the account its budget, and imports the rule files when there are no rules yet. */
export default fp(
  async (app: FastifyInstance, { guard }: { guard: Guard }) => {
    const { config, log } = app
    const { prisma, query } = app.database
    const client = createHelpcrunchClient({
      baseUrl: config.HELPCRUNCH_API_URL,
      apiKey: config.HELPCRUNCH_API_KEY,
      timeoutMs: config.HELPCRUNCH_TIMEOUT_MS,
      connections: config.WORKER_CONCURRENCY + CALLS_BESIDE_JOBS,
    })
    app.addHook('onClose', () => client.close())

    const workerId = randomUUID()
    const share = createSharing()
    const inbox = guard('inbox', createEventInbox(query, share))
    const rulesets = createRulesetStore(prisma, createPause)
    const customers = guard('customers', createCustomerStore(query))
    const decisions = createDecisionReader(prisma)
    const calls = {
      client: guard('client', client),
      ledger: guard('ledger', createCallLedger(query, share)),
      address: createApiAddress(() => listDepartments(true)),
      log,
    }
    const policy = {
      mode: config.ROUTER_MODE,
      defaultDepartmentId: config.DEFAULT_DEPARTMENT_ID,
      leaveAssigned: config.LEAVE_ASSIGNED,
    }
    const claims = guard('claims', createChatClaims(query, share, workerId))
    const work = { ...calls, forbidden: createForbiddenCalls(), claims, policy, random: Math.random }
    const waitingMoves = guard('waitingMoves', createWaitingMoves(query))
    const looks = createSharedLooks({ ...work, waitingMoves })
    const applying = { ...work, looks, applications: guard('applications', createApplicationJournal(query)) }
    const deciding = {
      ...applying,
      journal: guard('journal', createDecisionJournal(query, share, workerId)),
      rulesets,
      planField: config.PLAN_FIELD,
    }
    const departments = createDepartmentStore(prisma)
    const listDepartments = createDepartmentLister({ ...calls, departments })

    const imported = await importRules(rulesets, () => readRules(config.RULES_DIR), log)
    if (imported.kind === 'invalid') throw new Error(describe(imported.problems))
    await setBudget(prisma, config.HELPCRUNCH_REQUESTS_PER_MINUTE)

    app.decorate<Services>('services', {
      ...createReadingServices(app, { rulesets, policy }),
      ...createManagementServices(app, { rulesets, listDepartments }),
      workerId,
      abortCalls: () => client.close(),
      receiveEvent: (body) => receiveEvent(inbox, log, body),
      decideEvents: (chatId) => decideEvents(deciding, chatId),
      applyDecision: (chatId) => applyDecision(applying, chatId),
      learnCustomer: (seq) => learnCustomer(customers, log, seq),
      ageOut: () => ageOut({ records: createOldRecords(prisma), log, days: config.RETENTION_DAYS }),
      readDecision: (id) => readDecision({ decisions, rulesets }, id),
      listDepartments,
      knownDepartments: () => departments.read(),
      pingDatabase: async () => {
        // On the connections that webhooks are stored by: a load balancer takes a process away that is not ready.
        const [row] = await query<{ read_only: string }>`SELECT current_setting('transaction_read_only') AS read_only`
        if (row?.read_only === 'on') throw new Error('The database takes no writes.') // a standby, after a failover
      },
      decisions,
      events: createEventReader(prisma),
      rules: createRuleReader(prisma),
    })
  },
  { name: 'services', dependencies: ['config', 'database'] },
)

async function readRules(dir: string): Promise<RuleFile[]> {
  try {
    return await readRulesDir(dir)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(
      `RULES_DIR cannot be read: ${reason}. ${resolve(dir)} must be the folder that holds your rule files, or an empty one; it is read once, while there are no rules yet.`,
      { cause: error },
    )
  }
}

function describe(problems: readonly FileProblem[]): string {
  const lines = problems.map(({ file, pointer, message }) => `  ${[file, pointer].join(' ').trimEnd()}: ${message}`)
  return `The rules were not imported, none of them:\n${lines.join('\n')}`
}

declare module 'fastify' {
  interface FastifyInstance {
    services: Services
  }
}
