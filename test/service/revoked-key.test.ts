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
