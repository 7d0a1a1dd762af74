import { test } from 'tap'
import { rest } from '../support/budget.ts'
import {
  everyNewChat,
  FORBIDDEN,
  firstAfterPause,
  isPaused,
  moved,
  openBehindPause,
  openForbidden,
  PAUSE_IS_OVER,
  startOneByOne,
  triesOf,
  untilLater,
  untilPaused,
} from '../support/forbidden.ts'
import { startService, until } from '../support/service.ts'

test('one chat that HelpCrunch forbids to move is tried again by itself, and stops nobody else', async (t) => {
  const service = await startService(t, { rules: [everyNewChat] })
  const { simulator, sql } = service
  const { id } = simulator.openChat({ customerId: 9011 })
  const fault = simulator.script({ method: 'PUT', chatId: id }, [...FORBIDDEN], { forever: true })
  await untilPaused(service, 1)
  const others = await openBehindPause(service, 20)
  await sql(PAUSE_IS_OVER)
  await until('the others are moved', async () => (await moved(service)) === others.length)
  await untilLater(service, 'its tries count', async () => (await triesOf(service, id)) >= 2)
  t.equal(await isPaused(service), false, 'nobody waits for it')
  fault.clear()
  await untilLater(service, 'it is moved', async () => (await moved(service)) === others.length + 1)
})

test('one customer that HelpCrunch does not show stops nobody else', async (t) => {
  const service = await startService(t) // its rule asks for the language, which no webhook tells
  const { simulator, sql } = service
  const hidden = simulator.addCustomer({ id: 9100, name: 'Max' })
  simulator.script({ path: '/v1/customers/9100' }, [...FORBIDDEN], { forever: true })
  const { id } = simulator.openChat({ customerId: hidden.id })
  await untilPaused(service, 1)
  for (let i = 0; i < 5; i++) {
    simulator.openChat({ customerId: simulator.addCustomer({ id: 9200 + i, name: 'Eva', locale: 'de' }).id })
  }
  await sql(PAUSE_IS_OVER)
  await until('the others are moved', async () => (await moved(service)) === 5)
  await untilLater(service, 'its tries count', async () => (await triesOf(service, id)) >= 2)
  t.equal(await isPaused(service), false, 'nobody waits for it')
})

test('after every pause, however long, what is forbidden lets others go first', async (t) => {
  const service = await startOneByOne(t)
  const id = openForbidden(service)
  await untilLater(service, 'two refusals', async () => service.simulator.calls.count({ chatId: id }) >= 2)
  await untilPaused(service, 2)
  const others = await openBehindPause(service, 5)
  t.ok(others.includes((await firstAfterPause(service)) ?? 0))
  await until('the others are moved', async () => (await moved(service)) === others.length)
  await untilLater(service, 'its tries count', async () => (await triesOf(service, id)) >= 1)
})

test('two chats that are forbidden do not keep everybody waiting by turns', async (t) => {
  const service = await startOneByOne(t)
  const { sql } = service
  const first = openForbidden(service)
  await untilPaused(service, 1)
  const second = openForbidden(service)
  await until('the second one is decided', async () => (await sql('SELECT FROM decisions')).length === 2)
  await rest(service)
  t.equal(await firstAfterPause(service), second)
  await untilPaused(service, 2)
  const others = await openBehindPause(service, 5)
  const job = async () => {
    const [row] = await sql<{ id: string }>('SELECT id FROM graphile_worker._private_jobs WHERE key = $1', [
      `apply:${first}`,
    ])
    return row?.id
  }
  const before = await job()
  await sql(`UPDATE graphile_worker._private_jobs SET run_at = now() WHERE key = 'apply:${first}'`)
  await until('the first one comes in the middle of the pause', async () => (await job()) !== before)
  await rest(service)
  t.ok(others.includes((await firstAfterPause(service)) ?? 0))
})
