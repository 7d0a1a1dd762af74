import type { RuleDocument } from '../../../src/domain/rule.ts'
import { apiOf } from '../../support/api.ts'
import { rule } from '../../support/rules.ts'
import { type Service, startService, until } from '../../support/service.ts'
import { envelope, post } from '../../support/webhooks.ts'
import { type Canaries, dumpDatabase, findHits, hatchCanaries } from '../canaries.ts'
import { atLeast, exactly, type Figure, type Scenario, type Stage, told } from '../scenario.ts'

/** Asks about all there is to know, so that everything is looked up and recorded. */
const curious: Partial<RuleDocument>[] = [
  rule({
    events: ['chat.new', 'message.chat.customer'],
    conditions: {
      all: [
        { fact: 'language', operator: 'equal', value: 'de' },
        { fact: 'message', operator: 'includesText', value: 'canary' },
      ],
    },
    reroute: true,
  }),
]
const settings = { HELPCRUNCH_REQUESTS_PER_MINUTE: '10000', RETENTION_DAYS: '30' }
const TABLES = { webhook_events: 'received_at', decisions: 'received_at', attempts: 'at', customers: 'fetched_at' }

/** P26: customers that leave traces everywhere are erased or age out; then everything that is stored is searched for them. */
export const erasure: Scenario = {
  id: 'P26',
  promise: 'a customer who is erased, or too old to be kept, is nowhere in the database any more',
  async run(stage) {
    const switches = { rateLimitPerMinute: 1_000_000 }
    const service = await startService(stage, { rules: curious, settings, simulator: { switches } })
    const leaving = await populate(service, stage.size(100, 4), 'leaving')
    const staying = await populate(service, stage.size(20, 2), 'staying')
    await service.drained()
    await leaveOddTraces(service, leaving)
    const [counted] = (await service.get('/v1/stats')).body.outcomes
    const canaries = leaving.flatMap(({ all }) => all)
    const before = findHits(await dumpDatabase(service.sql), canaries)
    const inFlight = await eraseAll(service, leaving)
    const rows = await dumpDatabase(service.sql)
    const [stillCounted] = (await service.get('/v1/stats')).body.outcomes
    return [
      told('customers', leaving.length),
      atLeast('rows_with_traces', before.length, leaving.length * 5),
      exactly('hits', findHits(rows, canaries).length, 0),
      exactly('came_back', inFlight, 0),
      exactly('others_lost', staying.filter(({ all }) => findHits(rows, all).length === 0).length, 0),
      exactly('decisions_uncounted', counted.count - stillCounted.count, 0),
      ...(await ageOut(stage, service, staying)),
    ]
  },
}

interface Visitor extends Canaries {
  readonly id: number
}

/** Customers with a chat each, in which all three sides write. */
async function populate({ simulator }: Service, count: number, name: string): Promise<Visitor[]> {
  return Array.from({ length: count }, (_, index) => {
    const canaries = hatchCanaries(`${name}-${index}-`)
    const { id } = simulator.addCustomer(canaries.customer)
    const { id: chatId } = simulator.openChat({ customerId: id, text: canaries.message })
    simulator.sendMessage(chatId, canaries.message, 'customer')
    simulator.sendMessage(chatId, canaries.message, 'agent', 88)
    simulator.updateCustomer(id, { blocked: true })
    return { ...canaries, id }
  })
}

/** What says neither whom nor which chat it is about, and a job that has failed with a value in its message. */
async function leaveOddTraces(service: Service, visitors: readonly Visitor[]): Promise<void> {
  for (const { id, customer, message } of visitors) {
    await post(service, envelope({ event: 'customer.of_the_future', eventData: { who: { id }, message } }))
    await post(service, `{"to":"${customer.email}","text":"${message}",`)
    const state = { customer: { id, name: customer.name }, status: 'new', department: null, assignee: null }
    await post(service, envelope({ eventData: { chat_id: `not-${id}`, ...state } }))
    await service.sql(
      `WITH job AS (
        SELECT (j).id FROM (SELECT graphile_worker.add_job('learn_customer', json_build_object('seq', seq::text),
          job_key := 'event:' || seq, run_at := now() + interval '1 h') AS j
          FROM webhook_events WHERE customer_id = $1 ORDER BY seq LIMIT 1) AS added
      )
      UPDATE graphile_worker._private_jobs SET last_error = $2 FROM job WHERE _private_jobs.id = job.id`,
      [id, `failed with ${message}`],
    )
  }
}

/** Erases them all, the first one while a look-up of its next chat is under way. Gives what that brought back. */
async function eraseAll(service: Service, visitors: readonly Visitor[]): Promise<number> {
  const { simulator, sql } = service
  const [first] = visitors
  if (first === undefined) throw new Error('There is nobody to erase.')
  await sql("UPDATE customers SET fetched_at = fetched_at - interval '2 h' WHERE id = $1", [first.id])
  const reply = Promise.withResolvers<void>()
  const path = `/v1/customers/${first.id}`
  simulator.script({ method: 'GET', path }, [{ kind: 'hold', until: reply.promise }])
  const calls = simulator.calls.count({ path })
  const { id: chatId } = simulator.openChat({ customerId: first.id, text: first.message })
  await simulator.waitFor('a look-up under way', () => simulator.calls.count({ path }) > calls)
  await simulator.webhooks.settled()
  const { send } = apiOf(service)
  for (const { id } of visitors) {
    const { status } = await send('DELETE', `/v1/customers/${id}`)
    if (status !== 200) throw new Error(`An erasure was answered with ${status}.`)
  }
  reply.resolve()
  await until('the look-up has ended', async () => {
    const open = await sql('SELECT FROM chats WHERE id = $1 AND claimed_by IS NOT NULL', [chatId])
    return open.length === 0
  })
  const kept = await sql('SELECT FROM customers WHERE id = $1', [first.id])
  const decided = await sql('SELECT FROM decisions WHERE chat_id = $1', [chatId])
  return kept.length + decided.length
}

/** Time passes for all that is left, but for one event that still waits. */
async function ageOut(stage: Stage, service: Service, staying: readonly Visitor[]): Promise<Figure[]> {
  const { sql } = service
  for (const [table, column] of Object.entries(TABLES)) {
    await sql(`UPDATE ${table} SET ${column} = ${column} - interval '31 days'`)
  }
  await sql(
    `INSERT INTO webhook_events (id, type, chat_id, status, body, happened_at, received_at)
    VALUES ('waiting', 'chat.new', 1, 'waiting', '{}', now(), now() - interval '31 days')`,
  )
  await fillWithOldEvents(sql, stage.size(20_000, 1_200))
  await sql("SELECT graphile_worker.add_job('age_out', job_key := 'age_out', run_at := now())")
  await until('all that is old is gone', async () => {
    const left = await sql("SELECT FROM webhook_events WHERE status <> 'waiting' UNION ALL SELECT FROM customers")
    return left.length === 0
  })
  await until('the run has ended', async () => {
    return (
      (await sql("SELECT FROM graphile_worker.jobs WHERE task_identifier = 'age_out' AND locked_at IS NOT NULL"))
        .length === 0
    )
  })
  const rows = await dumpDatabase(sql)
  const next = await sql("SELECT FROM graphile_worker.jobs WHERE key = 'age_out' AND run_at > now()")
  const hits = findHits(
    rows,
    staying.flatMap(({ all }) => all),
  )
  return [
    exactly('hits_after_age', hits.length, 0),
    exactly('waiting_lost', 1 - (await sql("SELECT FROM webhook_events WHERE id = 'waiting'")).length, 0),
    exactly('next_run', next.length === 1 ? 'scheduled' : 'none', 'scheduled'),
  ]
}

/** More than one statement deletes. */
async function fillWithOldEvents(sql: Service['sql'], count: number): Promise<void> {
  await sql(
    `INSERT INTO webhook_events (id, type, status, body, happened_at, received_at)
    SELECT 'old-' || n, 'chat.new', 'done', 'canary-message-staying-0-', now(), now() - interval '40 days'
    FROM generate_series(1, $1::int) AS n`,
    [count],
  )
}
