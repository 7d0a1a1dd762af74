import pg from 'pg'
import { type Test, test } from 'tap'
import { STARTS_MAX } from '../../src/services/waiting-event.ts'
import { rule } from '../support/rules.ts'
import type { Scope } from '../support/scope.ts'
import { type Service, shareService, until } from '../support/service.ts'
import { envelope, post } from '../support/webhooks.ts'

const everyNewChat = rule({ conditions: { fact: 'event', operator: 'equal', value: 'chat.new' } })
/** Nothing works anything off. */
const idle = shareService({ rules: [everyNewChat], settings: { ROLE: 'web' } })

test('an event does not pay for a database that keeps its decision waiting', async (t) => {
  const service = await idle(t)
  const { event, decide } = await receive(service)
  await assertSurvives(t, service, 'decisions IN SHARE MODE', decide) // as CREATE INDEX does
  t.match((await service.get(`/v1/events/${event.id}`)).body, { status: 'done' })
})

test('nor for one that does not give the rules', async (t) => {
  const service = await idle(t)
  const { event, decide } = await receive(service)
  await service.sql('UPDATE ruleset_head SET version = version + 1') // which this process has not read yet
  await assertSurvives(t, service, 'rule_versions IN ACCESS EXCLUSIVE MODE', decide) // as VACUUM FULL does
  t.match((await service.get(`/v1/events/${event.id}`)).body, { status: 'done' })
})

test('nor does an event about a customer', async (t) => {
  const service = await idle(t)
  const event = envelope({ event: 'customer.tags_changed', eventData: { id: 9011 } })
  await post(service, event)
  const [row] = await service.sql<{ seq: string }>('SELECT seq FROM webhook_events WHERE id = $1', [event.id])
  const learn = () => service.app.services.learnCustomer(BigInt(row?.seq ?? 0))
  await assertSurvives(t, service, 'customers IN SHARE MODE', learn)
  t.match((await service.get(`/v1/events/${event.id}`)).body, { status: 'done' })
})

test('nor for a table that is not there for a while, as in the middle of a restore', async (t) => {
  const service = await idle(t)
  const { event, decide } = await receive(service)
  await service.sql('ALTER TABLE budget_slots RENAME TO gone')
  for (let run = 0; run <= STARTS_MAX; run++) await t.rejects(decide(), { message: /does not exist/ })
  await service.sql('ALTER TABLE gone RENAME TO budget_slots')
  await decide()
  t.match((await service.get(`/v1/events/${event.id}`)).body, { status: 'done' })
})

test('what Postgres refuses because of what it says, is set aside after three starts', async (t) => {
  const service = await idle(t)
  const { event, decide } = await receive(service)
  await service.sql('ALTER TABLE decisions ADD CONSTRAINT no_more CHECK (id < 0) NOT VALID')
  t.teardown(() => service.sql('ALTER TABLE decisions DROP CONSTRAINT no_more'))
  for (let run = 0; run < STARTS_MAX; run++) await t.rejects(decide(), { message: /no_more/ })
  await decide()
  t.match((await service.get(`/v1/events/${event.id}`)).body, { status: 'set_aside' })
})

/** Posts a chat's first event, and gives the work on it. */
async function receive(service: Service) {
  const event = envelope()
  await post(service, event)
  return { event, decide: () => service.app.services.decideEvents(event.eventData.chat_id) }
}

/** That work fails while a table is locked, more often than it is started for nothing, and ends once it is free. */
async function assertSurvives(t: Test, service: Service, table: string, work: () => Promise<unknown>): Promise<void> {
  const release = await lock(t, service, table)
  for (let run = 0; run <= STARTS_MAX; run++) t.equal(await endOfWaiting(service, work()), 'failed')
  await release()
  await work()
}

/** Locks a table until it is released. */
async function lock(t: Scope, { databaseUrl }: Service, what: string): Promise<() => Promise<void>> {
  const client = new pg.Client({ connectionString: databaseUrl })
  client.on('error', () => {})
  await client.connect()
  t.teardown(() => client.end())
  await client.query(`BEGIN; LOCK TABLE ${what}`)
  return async () => void (await client.query('ROLLBACK'))
}

/** How work ends whose statements wait for a lock, and are stopped, as they are after their time. */
async function endOfWaiting({ sql }: Service, work: Promise<unknown>): Promise<string> {
  let end = ''
  void work.then(
    () => (end = 'done'),
    () => (end = 'failed'),
  )
  await until('its end', async () => {
    await sql(
      "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
    )
    return end !== ''
  })
  return end
}
