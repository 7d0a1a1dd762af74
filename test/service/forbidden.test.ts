import { test } from 'tap'
import { rule } from '../support/rules.ts'
import { type Service, startService, until } from '../support/service.ts'

const everyNewChat = rule({ conditions: { fact: 'event', operator: 'equal', value: 'chat.new' } })
const FORBIDDEN = [{ kind: 'status', status: 403 }] as const
/** Time is shifted, not waited for: all pauses are over, and what was put off is due. */
const TIME_HAS_PASSED = [
  'UPDATE helpcrunch_account SET paused_until = now() WHERE paused_until IS NOT NULL',
  'UPDATE graphile_worker._private_jobs SET run_at = now() WHERE locked_at IS NULL',
]

/** Lets time pass until the service is where it is said to come to. */
async function untilLater({ sql }: Service, what: string, isSo: () => Promise<boolean>): Promise<void> {
  await until(what, async () => {
    for (const statement of TIME_HAS_PASSED) await sql(statement)
    return isSo()
  })
}

const moved = async ({ get }: Service) => (await get('/v1/decisions?outcome=applied&limit=100')).body.data.length
const triesOf = async ({ sql }: Service, id: number) => {
  const [row] = await sql<{ tries: number }>('SELECT tries FROM chats WHERE id = $1', [id])
  return row?.tries ?? 0
}
const isPaused = async ({ sql }: Service) =>
  (await sql('SELECT FROM helpcrunch_account WHERE paused_until IS NOT NULL')).length > 0

test('one chat that HelpCrunch forbids to move is tried again by itself, and stops nobody else', async (t) => {
  const service = await startService(t, { rules: [everyNewChat] })
  const { simulator } = service
  const { id } = simulator.openChat({ customerId: 9011 })
  const fault = simulator.script({ method: 'PUT', chatId: id }, [...FORBIDDEN], { forever: true })
  const others = Array.from({ length: 20 }, () => simulator.openChat({ customerId: 9011 }))
  await untilLater(service, 'the others are moved', async () => (await moved(service)) === others.length)
  await untilLater(service, 'its tries count', async () => (await triesOf(service, id)) >= 2)
  t.equal(await isPaused(service), false, 'nobody waits for it')
  fault.clear()
  await untilLater(service, 'it is moved', async () => (await moved(service)) === others.length + 1)
})

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

test('one customer that HelpCrunch does not show stops nobody else', async (t) => {
  const rules = [rule({ conditions: { fact: 'plan', operator: 'equal', value: 'business' } })]
  const service = await startService(t, { rules })
  const { simulator } = service
  const hidden = simulator.addCustomer({ id: 9100, name: 'Max' })
  simulator.script({ path: '/v1/customers/9100' }, [...FORBIDDEN], { forever: true })
  const { id } = simulator.openChat({ customerId: hidden.id })
  await until('it is refused', async () => simulator.calls.count({ status: 403 }) > 0)
  for (let i = 0; i < 5; i++) {
    simulator.openChat({
      customerId: simulator.addCustomer({ id: 9200 + i, name: 'Eva', customData: { plan: 'business' } }).id,
    })
  }
  await untilLater(service, 'the others are moved', async () => (await moved(service)) === 5)
  await untilLater(service, 'its tries count', async () => (await triesOf(service, id)) >= 2)
  t.equal(await isPaused(service), false, 'nobody waits for it')
})
