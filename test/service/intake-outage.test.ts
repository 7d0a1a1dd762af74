import pg from 'pg'
import { type Test, test } from 'tap'
import { takeDatabaseAway } from '../support/outage.ts'
import { type Service, shareService, startService, until } from '../support/service.ts'
import { type Answer, envelope, post } from '../support/webhooks.ts'

/** The service gives up after 1.5 s; the rest is for a machine that does much else. */
const ANSWER_MS_MAX = 5_000

const anyService = shareService()

/** That the webhook was refused for now, in time, in a way that makes HelpCrunch send it again. */
function assertNotStored(t: Test, answer: Answer, durationMs: number): void {
  t.match(answer, { status: 503, body: { status: 503, code: 'not_stored', title: 'Service Unavailable' } })
  t.match(answer.headers.get('retry-after'), /^\d+$/)
  t.ok(durationMs < ANSWER_MS_MAX, `answered after ${Math.round(durationMs)} ms`)
}

/** That the API says what is the matter, and when to try again. */
function assertAway(t: Test, answer: Pick<Answer, 'status' | 'headers' | 'body'>): void {
  t.match(answer, { status: 503, body: { code: 'database_away', detail: /away, or takes too long/ } })
  t.match(answer.headers.get('retry-after'), /^\d+$/)
}

async function timed(work: Promise<Answer>): Promise<[Answer, number]> {
  const startedAtMs = performance.now()
  return [await work, performance.now() - startedAtMs]
}

async function assertOneDecision(t: Test, service: Service, eventId: string): Promise<void> {
  await service.drained()
  const { body } = await service.get(`/v1/decisions?limit=100`)
  const ofEvent = body.data.filter((decision: { eventId: string }) => decision.eventId === eventId)
  t.match(ofEvent, [{ eventId, outcome: 'no_match' }], 'and it is decided once')
}

test('what cannot be stored is answered with 503, and accepted once it can be', async (t) => {
  const service = await anyService(t)
  const event = envelope()
  await service.sql('ALTER TABLE webhook_events RENAME TO webhook_events_away')
  assertNotStored(t, ...(await timed(post(service, event))))
  assertNotStored(t, ...(await timed(post(service, '{}'))))
  await service.sql('ALTER TABLE webhook_events_away RENAME TO webhook_events')
  t.match(await post(service, event), { status: 202, body: { status: 'accepted', eventId: event.id } })
  t.match(await post(service, event), { status: 202, body: { status: 'duplicate', eventId: event.id } })
  await assertOneDecision(t, service, event.id)
})

test('a database that does not answer is not waited for, and what it stores late is stored once', async (t) => {
  const service = await anyService(t)
  const event = envelope()
  const blocker = new pg.Client({ connectionString: service.databaseUrl })
  await blocker.connect()
  t.teardown(() => blocker.end())
  await blocker.query('BEGIN; LOCK TABLE webhook_events IN ACCESS EXCLUSIVE MODE')
  const answers = await Promise.all([timed(post(service, event)), timed(post(service, { ...event, attempts: 1 }))])
  for (const [answer, durationMs] of answers) assertNotStored(t, answer, durationMs)
  await blocker.query('ROLLBACK')
  t.match(await post(service, { ...event, attempts: 2 }), { status: 202, body: { eventId: event.id } })
  await assertOneDecision(t, service, event.id)
})

test('without a database the service is alive but not ready, and comes back by itself', async (t) => {
  const service = await startService(t)
  const status = async (path: string) => (await fetch(service.url + path)).status
  await until('readiness', async () => (await status('/readyz')) === 200)
  const bringBack = await takeDatabaseAway(service.databaseUrl)

  const event = envelope()
  assertNotStored(t, ...(await timed(post(service, event))))
  for (const path of ['/v1/rules', '/v1/decisions', '/v1/departments']) assertAway(t, await service.get(path))
  const ready = await fetch(`${service.url}/readyz`)
  t.equal(ready.status, 503)
  t.match(await ready.json(), { status: 'not_ready', checks: { database: 'failing', draining: false } })
  t.equal(await status('/healthz'), 200)

  await bringBack()
  t.match(await post(service, event), { status: 202, body: { status: 'accepted', eventId: event.id } })
  await until('readiness', async () => (await status('/readyz')) === 200)
  await assertOneDecision(t, service, event.id)
})

test('a request of the API that waits too long for the database, or whose connection breaks, is answered 503; what is a fault stays 500', async (t) => {
  const service = await anyService(t)
  const { sql, get } = service
  const blocker = new pg.Client({ connectionString: service.databaseUrl })
  await blocker.connect()
  t.teardown(() => blocker.end())
  await blocker.query('BEGIN; LOCK TABLE audit_entries IN ACCESS EXCLUSIVE MODE')
  for (const end of ['pg_cancel_backend', 'pg_terminate_backend']) {
    let isOver = false
    const answer = get('/v1/audit').finally(() => {
      isOver = true
    })
    await until('its end', async () => {
      await sql(
        `SELECT ${end}(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      )
      return isOver
    })
    assertAway(t, await answer)
  }
  await blocker.query('ROLLBACK')
  await sql('ALTER TABLE audit_entries RENAME TO audit_entries_away')
  t.match(await get('/v1/audit'), { status: 500, body: { code: 'internal_server_error' } })
  await sql('ALTER TABLE audit_entries_away RENAME TO audit_entries')
})

test('a service whose database takes no writes is not ready', async (t) => {
  const { get, sql } = await startService(t)
  const ready = async () => (await get('/readyz')).body
  const [row] = await sql<{ name: string }>('SELECT current_database() AS name')
  await sql(`ALTER DATABASE "${row?.name}" SET default_transaction_read_only = on`)
  await sql('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()', [
    row?.name,
  ])
  const isFailing = async () => (await ready()).checks.database === 'failing'
  await until('only new connections are left', isFailing)
  for (let i = 0; i < 10; i++) t.ok(await isFailing(), 'and so it stays')
})

test('a service whose queue has stopped is not ready', async (t) => {
  const { app, get } = await startService(t)
  await app.queue?.stop()
  t.match((await get('/readyz')).body, { status: 'not_ready', checks: { database: 'ok', queue: 'failing' } })
})

test("HelpCrunch's own outage does not make the service less ready", async (t) => {
  const service = await startService(t)
  await service.simulator.refuseConnections()
  const status = async () => (await fetch(`${service.url}/readyz`)).status
  await until('readiness', async () => (await status()) === 200)
  service.simulator.openChat({ customerId: 9011 })
  await until('a failed call', async () => {
    const rows = await service.sql('SELECT FROM attempts WHERE error IS NOT NULL')
    return rows.length > 0
  })
  t.equal(await status(), 200)
})
