import { test } from 'tap'
import { rest } from '../support/budget.ts'
import {
  everyNewChat,
  FORBIDDEN,
  isPaused,
  LONG_SEEN,
  moved,
  openBehindPause,
  openForbidden,
  PAUSE_IS_OVER,
  startOneByOne,
  triesOf,
  untilLater,
  untilPaused,
} from '../support/forbidden.ts'
import type { Scope } from '../support/scope.ts'
import { startSecondApp } from '../support/second-app.ts'
import { startService, until } from '../support/service.ts'

/** A chat whose 403 has turned out to be its own affair. */
async function startWithOneForbidden(t: Scope) {
  const service = await startOneByOne(t)
  const id = openForbidden(service)
  await untilLater(service, 'two refusals', async () => service.simulator.calls.count({ chatId: id }) >= 2)
  await untilPaused(service, 2)
  const others = await openBehindPause(service, 5)
  await service.sql(PAUSE_IS_OVER)
  await until('the others are moved', async () => (await moved(service)) === others.length)
  await untilLater(service, 'its tries count', async () => (await triesOf(service, id)) >= 1)
  await rest(service)
  return { ...service, id }
}

test('while every move is forbidden, everybody waits, and no try is used up', async (t) => {
  const service = await startService(t, { rules: [everyNewChat] })
  const { simulator, sql } = service
  const fault = simulator.script({ method: 'PUT' }, [...FORBIDDEN], { forever: true })
  for (let i = 0; i < 5; i++) simulator.openChat({ customerId: 9011 })
  await untilLater(service, 'seven are refused', async () => simulator.calls.count({ status: 403 }) >= 7)
  t.strictSame(await sql('SELECT DISTINCT tries FROM chats'), [{ tries: 0 }])
  fault.clear()
  await untilLater(service, 'all are moved', async () => (await moved(service)) === 5)
})

test('the days for which a key was wrong do not count among those after which a call is given up', async (t) => {
  const service = await startService(t, { rules: [everyNewChat] })
  const { simulator, sql, drained } = service
  const failsOnce = () => simulator.script({ method: 'PUT' }, [{ kind: 'status', status: 500 }])
  failsOnce()
  const { id } = simulator.openChat({ customerId: 9011 })
  await until('the first try', async () => (await triesOf(service, id)) === 1)
  const wrong = simulator.script({}, [{ kind: 'status', status: 401 }], { forever: true })
  await sql("UPDATE chats SET tried_since = tried_since - interval '4 days'")
  await untilPaused(service, 1)
  wrong.clear()
  failsOnce()
  await sql(PAUSE_IS_OVER)
  await drained()
  t.equal(simulator.chat(id).departmentId, 10)
})

test('nor does the time that a chat waits after a 403, be it about the key or not', async (t) => {
  const service = await startService(t, { rules: [everyNewChat] })
  const { simulator, sql } = service
  simulator.script({ method: 'PUT' }, [{ kind: 'status', status: 500 }])
  simulator.script({ method: 'GET' }, [...FORBIDDEN], { forever: true })
  const { id } = simulator.openChat({ customerId: 9011 })
  const sinceMs = async () => Number((await sql<{ since: Date }>('SELECT tried_since AS since FROM chats'))[0]?.since)
  await until('the first try', async () => (await triesOf(service, id)) === 1)
  const firstMs = await sinceMs()
  await untilPaused(service, 1)
  t.ok((await sinceMs()) - firstMs >= 3_000, 'as others go first for so long at least')
})

test('a 403 that is about one chat alone does not end a pause', async (t) => {
  const service = await startWithOneForbidden(t)
  const { simulator, sql, id } = service
  const before = simulator.calls.count({ chatId: id })
  await sql("UPDATE helpcrunch_account SET paused_until = now(), pause_reason = 'unauthorized', strikes = 1")
  await sql('UPDATE graphile_worker._private_jobs SET run_at = now() WHERE key = $1', [`apply:${id}`])
  await simulator.waitFor('its call', () => simulator.calls.count({ chatId: id }) > before)
  await rest(service)
  t.equal(await isPaused(service), true)
  t.match(await sql('SELECT strikes FROM helpcrunch_account'), [{ strikes: 1 }])
})

test('when a key is revoked, a chat that was forbidden before uses up no more tries than others do', async (t) => {
  const service = await startWithOneForbidden(t)
  const { simulator, sql, id } = service
  const dueIn = 'UPDATE graphile_worker._private_jobs SET run_at = now() + $2::interval WHERE key = $1'
  await sql(dueIn, [`apply:${id}`, '1 day'])
  simulator.script({}, [...FORBIDDEN], { forever: true })
  const { id: other } = simulator.openChat({ customerId: 9011 })
  await untilPaused(service, 1)
  await sql(LONG_SEEN)
  await sql(PAUSE_IS_OVER)
  await sql(dueIn, [`apply:${other}`, '0'])
  await untilPaused(service, 2) // the look, which is what the first one was forbidden
  const [tries, calls] = [await triesOf(service, id), simulator.calls.count({ chatId: id })]
  await untilLater(service, 'three more calls', async () => simulator.calls.count({ chatId: id }) >= calls + 3)
  await rest(service)
  t.equal(await triesOf(service, id), tries)
  t.equal(await triesOf(service, other), 0)
})

test('a chat that is forbidden for good is given up after 72 hours, however often the service is started meanwhile', async (t) => {
  const service = await startWithOneForbidden(t)
  const { app, simulator, sql, id } = service
  await app.close()
  await sql("UPDATE chats SET tried_since = now() - interval '80 hours' WHERE id = $1", [id])
  await sql('UPDATE graphile_worker._private_jobs SET run_at = now()')
  const { url } = await startSecondApp(t, service, { WORKER_CONCURRENCY: '1' })
  await untilPaused(service, 1) // the new process does not know of it yet
  simulator.webhooks.sendTo(`${url}/webhooks/helpcrunch`)
  await openBehindPause(service, 5)
  await sql(PAUSE_IS_OVER)
  const movedNow = async () => (await sql("SELECT FROM decisions WHERE outcome = 'applied'")).length
  await until('the others are moved', async () => (await movedNow()) === 10)
  const ofIt = 'SELECT outcome, reason FROM decisions WHERE chat_id = $1'
  await untilLater(
    service,
    'it has an end',
    async () => (await sql(`${ofIt} AND outcome <> 'pending'`, [id])).length > 0,
  )
  t.strictSame(await sql(ofIt, [id]), [{ outcome: 'failed', reason: 'gave_up' }])
})
