import { resolve } from 'node:path'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Guard } from '../adapters/failpoints.ts'
import { setBudget } from '../adapters/prisma/account.ts'
import { createDecisionReader, type DecisionList } from '../adapters/prisma/decision-reader.ts'
import { createDepartmentStore } from '../adapters/prisma/department-store.ts'
import { createEventReader, type EventReader } from '../adapters/prisma/event-reader.ts'
import { createOldRecords } from '../adapters/prisma/old-records.ts'
import { createRuleReader, type RuleReader } from '../adapters/prisma/rule-reader.ts'
import { createRulesetStore } from '../adapters/prisma/ruleset-store.ts'
import { readRulesDir } from '../adapters/rule-files.ts'
import { ageOut } from '../services/age-out.ts'
import { createPause } from '../services/create-pause.ts'
import { type FileProblem, importRules, type RuleFile } from '../services/import-rules.ts'
import type { DepartmentList } from '../services/list-departments.ts'
import { type ExplainedDecision, readDecision } from '../services/read-decision.ts'
import { createManagementServices, type ManagementServices } from './management.ts'
import { createReadingServices, type ReadingServices } from './reading.ts'
import { createRoutingServices, type RoutingServices } from './routing.ts'

/** The use cases, with their ports filled in. */
export interface Services extends RoutingServices, ReadingServices, ManagementServices {
  /** Deletes what is older than RETENTION_DAYS, and schedules its next run. */
  ageOut(): Promise<void>
  readDecision(id: bigint): Promise<ExplainedDecision | undefined>
  /** As last listed, without asking HelpCrunch; undefined before the first listing. */
  knownDepartments(): Promise<DepartmentList | undefined>
  /** Throws when the database does not answer, or takes no writes. */
  pingDatabase(): Promise<void>
  readonly decisions: DecisionList
  readonly events: EventReader
  readonly rules: RuleReader
}

/** Wires adapters into services, gives the account its budget, and imports the rule files when there are no rules yet. */
export default fp(
  async (app: FastifyInstance, { guard }: { guard: Guard }) => {
    const { config, log } = app
    const { prisma, query } = app.database
    const rulesets = createRulesetStore(prisma, createPause)
    const decisions = createDecisionReader(prisma)
    const departments = createDepartmentStore(prisma)
    const policy = {
      mode: config.ROUTER_MODE,
      defaultDepartmentId: config.DEFAULT_DEPARTMENT_ID,
      leaveAssigned: config.LEAVE_ASSIGNED,
    }
    const routing = createRoutingServices(app, guard, { rulesets, policy, departments })

    const imported = await importRules(rulesets, () => readRules(config.RULES_DIR), log)
    if (imported.kind === 'invalid') throw new Error(describe(imported.problems))
    await setBudget(prisma, config.HELPCRUNCH_REQUESTS_PER_MINUTE)

    app.decorate<Services>('services', {
      ...routing,
      ...createReadingServices(app, { rulesets, policy }),
      ...createManagementServices(app, { rulesets, listDepartments: routing.listDepartments }),
      ageOut: () => ageOut({ records: createOldRecords(prisma), log, days: config.RETENTION_DAYS }),
      readDecision: (id) => readDecision({ decisions, rulesets }, id),
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
