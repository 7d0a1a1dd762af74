import { test } from 'tap'
import { everyNewChat, FORBIDDEN, moved, untilLater } from '../support/forbidden.ts'
import { startService } from '../support/service.ts'

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
