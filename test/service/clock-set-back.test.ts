import { test } from 'tap'
import { correctTimes } from '../../src/adapters/prisma/correct-times.ts'
import { rule } from '../support/rules.ts'
import { startSecondApp } from '../support/second-app.ts'
import { type Service, shareService, startService, until } from '../support/service.ts'

// Postgres' clock cannot be set here: what was written before it was set back by three days is written with times to come.
const everyNewChat = rule({ conditions: { fact: 'event', operator: 'equal', value: 'chat.new' } })
const sharedService = shareService({ settings: { ROLE: 'web' } })

/** Does what each worker does every ten seconds, and gives what it logs. */
async function correct({ app }: Service): Promise<object[]> {
  const lines: object[] = []
  const warn = (fields: object, message: string) => void lines.push({ message, ...fields })
  await correctTimes(app.database.prisma, { info() {}, warn, error() {} })
  return lines
}

test('calls that were made while the clock of Postgres was ahead are free again in a minute, those of long ago at once', async (t) => {
  const service = await sharedService(t)
  await service.sql(`INSERT INTO budget_slots (slot, used_at) VALUES (1001, now() + interval '3 days'),
    (1002, now() + interval '3 days' - interval '50 s'), (1003, now() - interval '30 s')`)
  await correct(service)
  const uses = await service.sql(
    'SELECT slot, extract(epoch FROM clock_timestamp() - used_at)::int AS age FROM budget_slots WHERE slot > 1000 ORDER BY slot',
  )
  t.strictSame(uses, [
    { slot: 1001, age: 0 },
    { slot: 1002, age: 50 },
    { slot: 1003, age: 30 },
  ])
  await service.sql('DELETE FROM budget_slots WHERE slot > 1000')
})

test('a pause of all calls lasts no longer because the clock of Postgres was set back', async (t) => {
  const service = await sharedService(t)
  const { sql } = service
  const pauseAfter = async (left: string, lastCall = '1 min') => {
    await sql('UPDATE budget_slots SET used_at = now() + $1::interval WHERE slot = 1', [lastCall])
    await sql('UPDATE helpcrunch_account SET paused_until = now() + $1::interval', [left])
    await correct(service)
    const [row] = await sql(
      'SELECT round(extract(epoch FROM paused_until - clock_timestamp()))::int AS left FROM helpcrunch_account',
    )
    return row?.left
  }
  t.equal(await pauseAfter('1 min 40 s'), 40)
  t.equal(await pauseAfter('20 s'), 20, 'nor shorter, when it began after that')
  t.equal(await pauseAfter('40 s', '-30 s'), 40, 'nor does it change when the clock was not set')
  await sql('UPDATE helpcrunch_account SET paused_until = NULL')
})

test('jobs wait no longer because the clock of Postgres was set back, and keep their order', async (t) => {
  const service = await sharedService(t)
  const { sql } = service
  const add = async (key: string, added: string, wait: string) => {
    await sql("SELECT graphile_worker.add_job('apply_decision', job_key := $1)", [key])
    const times = 'updated_at = now() + $2::interval, run_at = now() + $2::interval + $3::interval'
    await sql(`UPDATE graphile_worker._private_jobs SET ${times} WHERE key = $1`, [key, added, wait])
  }
  await sql('DELETE FROM graphile_worker._private_jobs')
  await add('due', '3 days', '0')
  await add('due before', '3 days -20 s', '0')
  await add('put off', '3 days -20 s', '10 min')
  await add('of long ago', '-1 min', '5 min')
  t.match(await correct(service), [{ message: 'database.clock_set_back', aheadMs: /^259[12]\d{5}$/ }])
  const jobs = `SELECT key, round(extract(epoch FROM run_at - clock_timestamp()))::int AS wait
    FROM graphile_worker._private_jobs ORDER BY run_at`
  t.strictSame(await sql(jobs), [
    { key: 'due before', wait: -20 },
    { key: 'due', wait: 0 },
    { key: 'of long ago', wait: 240 },
    { key: 'put off', wait: 580 },
  ])
  t.strictSame(await correct(service), [], 'once')
})

test('however many jobs wait, none is left ahead when the clock of Postgres was set back', async (t) => {
  const service = await sharedService(t)
  const { sql } = service
  await sql('DELETE FROM graphile_worker._private_jobs')
  await sql("SELECT graphile_worker.add_job('decide_events')")
  await sql(`INSERT INTO graphile_worker._private_jobs (task_id, run_at, updated_at) SELECT task_id, at, at
    FROM graphile_worker._private_jobs, generate_series(now() + interval '2 days', now() + interval '3 days', interval '8 s') AS at`)
  t.equal((await correct(service)).length, 1)
  const span =
    "max(run_at) - min(run_at) BETWEEN '1 day -10 s' AND '1 day 10 s' AS is_kept, max(run_at) <= now() AS is_due"
  const jobs = 'FROM graphile_worker._private_jobs WHERE id > (SELECT min(id) FROM graphile_worker._private_jobs)'
  t.match(await sql(`SELECT ${span} ${jobs}`), [{ is_kept: true, is_due: true }])
})

test('what waited when the clock of Postgres was set back is routed by the next worker, which also schedules the hourly job', async (t) => {
  const service = await startService(t, { rules: [everyNewChat], settings: { ROLE: 'web' } })
  const { simulator, sql, drained } = service
  const { id } = simulator.openChat({ customerId: 9011 })
  await simulator.webhooks.settled()
  await sql("SELECT graphile_worker.add_job('age_out', job_key := 'age_out')")
  await sql(
    `UPDATE graphile_worker._private_jobs SET run_at = run_at + interval '3 days', updated_at = updated_at + interval '3 days'`,
  )
  await sql("UPDATE budget_slots SET used_at = now() + interval '3 days' WHERE slot > 1")
  await startSecondApp(t, service, { ROLE: 'worker' })
  await drained()
  t.equal(simulator.chat(id).departmentId, 10)
  t.match(
    await sql(
      "SELECT run_at < now() + interval '1 hour' AS soon FROM graphile_worker._private_jobs WHERE key = 'age_out'",
    ),
    [{ soon: true }],
  )
})

test('a chat whose webhook came before the clock of Postgres was set back is looked at before it is moved', async (t) => {
  const service = await startService(t, { rules: [everyNewChat], settings: { ROLE: 'web' } })
  const { simulator, sql, drained } = service
  const { id } = simulator.openChat({ customerId: 9011 })
  await simulator.webhooks.settled()
  simulator.agentTakesChat(id, 88)
  await sql(
    "UPDATE webhook_events SET received_at = received_at + interval '1 hour', happened_at = happened_at + interval '1 hour'",
  )
  await startSecondApp(t, service, { ROLE: 'worker' })
  await drained()
  t.equal(simulator.chat(id).departmentId, null)
  t.match((await service.get('/v1/decisions')).body, { data: [{ outcome: 'skipped', reason: 'assigned' }] })
})

test('what is known from before the clock of Postgres was set back is no news', async (t) => {
  const service = await startService(t)
  const { simulator, sql, drained } = service
  simulator.openChat({ customerId: 9011 })
  await drained()
  await service.get('/v1/departments')
  const asked = (path: string) => simulator.calls.count({ path })
  const listed = asked('/v1/departments')
  t.equal(asked('/v1/customers/9011'), 1)
  await sql("UPDATE customers SET fetched_at = fetched_at + interval '3 days'")
  await sql("UPDATE departments SET fetched_at = fetched_at + interval '3 days'")
  simulator.openChat({ customerId: 9011 })
  await drained()
  t.equal(asked('/v1/customers/9011'), 2, 'the customer is looked up again')
  await service.get('/v1/departments?refresh=true')
  t.equal(asked('/v1/departments'), listed + 1, 'and departments are listed again')
})

test('a failed call is not given up because the clock of Postgres was set back', async (t) => {
  const { simulator, sql, drained } = await startService(t, { rules: [everyNewChat] })
  const failed = simulator.script({ method: 'PUT' }, [{ kind: 'status', status: 503 }], { forever: true })
  const { id } = simulator.openChat({ customerId: 9011 })
  const isTried = (times: number) => async () => (await sql('SELECT FROM chats WHERE tries >= $1', [times])).length > 0
  await until('its next try waits', isTried(1))
  await sql("UPDATE chats SET tried_since = tried_since + interval '4 days'")
  await until('it has failed again', isTried(2))
  failed.clear()
  await drained()
  t.equal(simulator.chat(id).departmentId, 10)
})

test('a chat is not moved too often because the clock of Postgres was set back', async (t) => {
  const to = (department: number) =>
    rule({
      ...{ key: `to-${department}`, department, reroute: true, events: ['message.chat.customer'] },
      conditions: { fact: 'message', operator: 'equal', value: String(department) },
    })
  const { simulator, sql, drained } = await startService(t, { rules: [everyNewChat, to(20), to(30), to(40)] })
  const { id } = simulator.openChat({ customerId: 9011 })
  await drained()
  for (const department of [20, 30]) {
    simulator.sendMessage(id, String(department))
    await drained()
  }
  await sql("UPDATE decisions SET applied_at = applied_at + interval '1 day'")
  simulator.sendMessage(id, '40')
  await drained()
  t.equal(simulator.chat(id).departmentId, 40)
})
