import { once } from 'node:events'
import { test } from 'tap'
import { takeDatabaseAway } from '../support/outage.ts'
import { createDatabase, openConnection } from '../support/postgres.ts'
import { startReplica } from '../support/processes.ts'
import { rule, writeRules } from '../support/rules.ts'
import { settingsFor, startAccount, until } from '../support/service.ts'

const everyNewChat = rule({ conditions: { fact: 'event', operator: 'equal', value: 'chat.new' } })

test('jobs that end while the database is away end neither the process nor the queue, and are done again', async (t) => {
  const simulator = await startAccount(t)
  const databaseUrl = await createDatabase(t)
  const replica = await startReplica(t, settingsFor(simulator, databaseUrl, await writeRules(t, [everyNewChat])))
  simulator.webhooks.sendTo(`${replica.url}/webhooks/helpcrunch`)
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  const held = simulator.script({ method: 'PUT' }, [{ kind: 'hold', until: released }], { forever: true })
  for (let i = 0; i < 5; i++) simulator.openChat({ customerId: 9011 })
  await simulator.waitFor('five calls under way', () => simulator.calls.departmentPuts().length === 5)
  const bringBack = await takeDatabaseAway(databaseUrl)
  const fell = until('the queue has fallen', () => replica.log().includes('queue.fell'))
  held.clear()
  release()
  await Promise.race([fell, once(replica.process, 'exit')])
  t.equal(replica.process.exitCode, null, 'the process lives')
  await bringBack()
  const sql = await openConnection(t, databaseUrl)
  await until(
    'the records agree',
    async () => (await sql("SELECT FROM decisions WHERE outcome = 'applied'")).length === 5,
  )
  t.ok([...simulator.chats.values()].every(({ departmentId }) => departmentId === 10))
})
