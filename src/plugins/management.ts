import { randomBytes } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { createAnalysisRunner } from '../adapters/analysis-runner.ts'
import { type AuditReader, createAuditReader } from '../adapters/prisma/audit-reader.ts'
import { createCustomerRecords } from '../adapters/prisma/customer-records.ts'
import { createDecisionReader } from '../adapters/prisma/decision-reader.ts'
import { createRuleBook } from '../adapters/prisma/rule-book.ts'
import { createRuleReader } from '../adapters/prisma/rule-reader.ts'
import { countRules, createRulesetHead, type RuleCount } from '../adapters/prisma/ruleset-head.ts'
import { startRulesetListener } from '../adapters/prisma/ruleset-listener.ts'
import { createSeenValues } from '../adapters/prisma/seen-values.ts'
import { createSharing } from '../adapters/prisma/share-statement.ts'
import { createTokenStore } from '../adapters/prisma/token-store.ts'
import type { Role } from '../domain/role.ts'
import { authenticate, type Identity } from '../services/authenticate.ts'
import {
  createRule,
  type Deletion,
  deleteRule,
  type ExpectedVersion,
  type RuleWrite,
  replaceRule,
  rollBackRule,
} from '../services/change-rules.ts'
import type { ListDepartments } from '../services/check-department.ts'
import { checkRule, checkRules, type RuleCheck } from '../services/check-rules.ts'
import type { Rulesets } from '../services/decide-events.ts'
import { type ErasureResult, eraseCustomer } from '../services/erase-customer.ts'
import { makeRuleTest, type RuleTestMaking } from '../services/make-rule-test.ts'
import { type IssuedToken, issueToken, type TokenRegister } from '../services/manage-tokens.ts'
import { type OrderResult, orderRules } from '../services/order-rules.ts'
import { type RulesReplacement, replaceRules } from '../services/replace-rules.ts'
import { createDepartmentWatch } from '../services/watch-departments.ts'

/** What people do to rules, tokens and what is kept of customers. */
export interface ManagementServices {
  /** Undefined when the token is nobody's. */
  authenticate(token: string): Promise<Identity | undefined>
  createRule(input: unknown, by: Identity): Promise<RuleWrite>
  replaceRule(key: string, input: unknown, expected: ExpectedVersion, by: Identity): Promise<RuleWrite>
  rollBackRule(key: string, version: number, expected: ExpectedVersion, by: Identity): Promise<RuleWrite>
  deleteRule(key: string, expected: ExpectedVersion, by: Identity): Promise<Deletion>
  orderRules(keys: readonly string[], expected: ExpectedVersion, by: Identity): Promise<OrderResult>
  replaceRules(inputs: readonly unknown[], expected: ExpectedVersion, by: Identity): Promise<RulesReplacement>
  checkRule(input: unknown): Promise<RuleCheck>
  checkRules(inputs: readonly unknown[]): Promise<RuleCheck>
  makeRuleTest(decisionId: bigint, ruleKey: string | undefined): Promise<RuleTestMaking>
  issueToken(token: { readonly name: string; readonly role: Role }, by: Identity): Promise<IssuedToken>
  eraseCustomer(customerId: number, by: Identity): Promise<ErasureResult>
  readonly tokens: Pick<TokenRegister, 'list' | 'revoke'>
  readonly audit: AuditReader
  /** How many rules there are, and in which version of the set. */
  countRules(): Promise<RuleCount>
  /** Tells the log of rules whose department has gone since the last time. */
  watchDepartments(): Promise<void>
}

/** A department that has gone is told this long after the list of them was renewed, at the latest. */
const WATCH_MS = 60_000

/** Wires them; `services.ts` shares its rule sets and departments with them. Each new rule set is loaded as soon as it is announced. */
export function createManagementServices(
  app: FastifyInstance,
  { rulesets, listDepartments }: { readonly rulesets: Rulesets; readonly listDepartments: ListDepartments },
): ManagementServices {
  const { config, log } = app
  const { prisma, pool } = app.database
  const head = createRulesetHead(prisma)
  const live = { read: async () => rulesets.inForce(await head.current()) }
  const analyst = createAnalysisRunner(log)
  const warning = { analyst, seenValues: createSeenValues(prisma) }
  const book = createRuleBook(prisma)
  const changing = { ...warning, live, book, listDepartments, history: createRuleReader(prisma) }
  const tokens = createTokenStore(prisma, createSharing())
  const authenticating = { tokens, adminToken: config.ADMIN_TOKEN, log }
  const records = createCustomerRecords(prisma)
  const making = { decisions: createDecisionReader(prisma), rulesets }
  const watchDepartments = createDepartmentWatch({
    ...{ live, listDepartments, log },
    defaultDepartmentId: config.DEFAULT_DEPARTMENT_ID,
  })

  const listener = startRulesetListener({ pool, log, onChange: async () => void (await live.read()) })
  const watch = setInterval(() => {
    watchDepartments().catch((error: unknown) => log.warn({ err: error }, 'rule.departments_not_watched'))
  }, WATCH_MS)
  app.addHook('onClose', async () => {
    clearInterval(watch)
    await Promise.all([listener.stop(), analyst.close()])
  })

  return {
    authenticate: (token) => authenticate(authenticating, token),
    createRule: (input, by) => createRule(changing, input, by),
    replaceRule: (key, input, expected, by) => replaceRule(changing, key, input, expected, by),
    rollBackRule: (key, version, expected, by) => rollBackRule(changing, key, version, expected, by),
    deleteRule: (key, expected, by) => deleteRule(changing, key, expected, by),
    orderRules: (keys, expected, by) => orderRules(changing, keys, expected, by),
    replaceRules: (inputs, expected, by) => replaceRules(changing, inputs, expected, by),
    checkRule: (input) => checkRule(changing, input),
    checkRules: (inputs) => checkRules(changing, inputs),
    makeRuleTest: (id, ruleKey) => makeRuleTest(making, id, ruleKey),
    issueToken: (token, by) => issueToken({ tokens, randomBytes }, token, by),
    eraseCustomer: (customerId, by) => eraseCustomer({ records, log }, customerId, by),
    tokens,
    audit: createAuditReader(prisma),
    countRules: () => countRules(app.database.query),
    watchDepartments,
  }
}
