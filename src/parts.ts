import type { FastifyInstance } from 'fastify'
import type { Guard } from './adapters/failpoints.ts'
import auth from './plugins/auth.ts'
import database from './plugins/database.ts'
import docs from './plugins/docs.ts'
import draining from './plugins/draining.ts'
import pipelining from './plugins/pipelining.ts'
import problems from './plugins/problems.ts'
import requests from './plugins/requests.ts'
import services from './plugins/services.ts'
import worker from './plugins/worker.ts'
import audit from './routes/audit.ts'
import backtests from './routes/backtests.ts'
import customers from './routes/customers.ts'
import decisions from './routes/decisions.ts'
import departments from './routes/departments.ts'
import events from './routes/events.ts'
import facts from './routes/facts.ts'
import health from './routes/health.ts'
import retries from './routes/retries.ts'
import ruleChanges from './routes/rule-changes.ts'
import ruleChecks from './routes/rule-checks.ts'
import rules from './routes/rules.ts'
import simulations from './routes/simulations.ts'
import stats from './routes/stats.ts'
import tokens from './routes/tokens.ts'
import webhooks from './routes/webhooks.ts'

/** What the service is made of, as a list; the order matters. */
export async function registerParts(app: FastifyInstance, guard: Guard): Promise<void> {
  const isWeb = app.config.ROLE !== 'worker'
  await app.register(problems)
  await app.register(pipelining)
  await app.register(requests)
  await app.register(draining)
  if (isWeb) await app.register(docs)
  await app.register(database)
  await app.register(services, { guard })
  await app.register(auth)
  await app.register(worker)

  await app.register(health)
  if (isWeb) {
    await app.register(webhooks)
    await app.register(api)
  }
}

/** Everything under /v1: it asks for a token. */
async function api(app: FastifyInstance): Promise<void> {
  await app.register(decisions)
  await app.register(events)
  await app.register(rules)
  await app.register(ruleChanges)
  await app.register(ruleChecks)
  await app.register(departments)
  await app.register(facts)
  await app.register(simulations)
  await app.register(backtests)
  await app.register(stats)
  await app.register(retries)
  await app.register(tokens)
  await app.register(audit)
  await app.register(customers)
}
