import { test } from 'tap'
import type { Fault } from '../../src/sandbox/simulator/faults.ts'
import { rule } from '../support/rules.ts'
import { type Service, startService, until } from '../support/service.ts'

const everyNewChat = rule({ conditions: { fact: 'event', operator: 'equal', value: 'chat.new' } })
const settings = { DEFAULT_DEPARTMENT_ID: '40' }
const LISTED = { path: '/v1/departments' }

const triedTwice = ({ sql }: Service) =>
  until('a second try', async () => (await sql('SELECT FROM chats WHERE tries >= 2')).length === 1)

const elsewhere: readonly (readonly [string, Fault])[] = [
  ["404 in HelpCrunch's own words", { kind: 'status', status: 404 }],
  ['404 in HTML', { kind: 'status', status: 404, body: '<h1>Not Found</h1>' }],
  ['404 of a gateway', { kind: 'status', status: 404, body: { message: 'no Route matched with those values' } }],
]

for (const [name, fault] of elsewhere) {
  test(`an address that answers all calls with ${name} ends no chat, and is told`, async (t) => {
    const lines: Record<string, unknown>[] = []
    const service = await startService(t, { rules: [everyNewChat], lines })
    const { simulator, drained, get } = service
    const outage = simulator.script({}, [fault], { forever: true })
    simulator.openChat({ customerId: 9011 })
    await triedTwice(service)
    t.match((await get('/v1/decisions')).body.data, [{ outcome: 'pending' }])
    t.match(
      lines.filter(({ msg, path }) => msg === 'helpcrunch.call' && path === '/chats/department'),
      [{ level: 40, verdict: 'try_again', problem: /HELPCRUNCH_API_URL/ }],
    )
    outage.clear()
    await drained()
    t.match((await get('/v1/decisions')).body.data, [{ outcome: 'applied', department: { to: 10 } }])
  })
}

test('nor does it make the customer unknown', async (t) => {
  const service = await startService(t, { settings })
  const { simulator, drained, get, sql } = service
  const outage = simulator.script({}, [{ kind: 'status', status: 404 }], { forever: true })
  simulator.openChat({ customerId: 9011 })
  await triedTwice(service)
  await sql("UPDATE webhook_events SET received_at = received_at - interval '10 s'") // longer than one waits for a new customer
  outage.clear()
  await drained()
  t.match((await get('/v1/decisions')).body.data, [{ outcome: 'applied', rule: { key: 'german' } }])
})

test('a chat that is not there ends at once where the departments are, and they are looked for once', async (t) => {
  const { simulator, drained, get } = await startService(t, { rules: [everyNewChat] })
  for (const tries of [1, 2]) {
    simulator.script({ method: 'PUT' }, [{ kind: 'status', status: 404 }])
    simulator.openChat({ customerId: 9011 })
    await drained()
    t.match((await get('/v1/decisions')).body.data[0], { outcome: 'rejected', reason: 'http_404' })
    t.equal(simulator.calls.departmentPuts().length, tries)
  }
  t.equal(simulator.calls.count(LISTED), 1)
})

test('a proxy that refuses for a while in its own words ends no chat', async (t) => {
  const { simulator, drained, get } = await startService(t, { rules: [everyNewChat] })
  simulator.openChat({ customerId: 9011 })
  await drained()
  simulator.script({ method: 'PUT' }, [{ kind: 'status', status: 404, body: '404 page not found' }])
  simulator.openChat({ customerId: 9011 })
  await drained()
  t.match((await get('/v1/decisions')).body.data, [{ outcome: 'applied' }, { outcome: 'applied' }])
  t.equal(simulator.calls.count(LISTED), 0)
})

test('a redirect says in the log what stands in the way', async (t) => {
  const lines: Record<string, unknown>[] = []
  const { simulator, drained } = await startService(t, { rules: [everyNewChat], lines })
  simulator.script({ method: 'PUT' }, [
    { kind: 'status', status: 301, headers: { location: 'https://elsewhere.test/' } },
  ])
  simulator.openChat({ customerId: 9011 })
  await drained()
  t.match(
    lines.filter(({ status }) => status === 301),
    [{ level: 40, problem: /redirects are not followed: HELPCRUNCH_API_URL must be/ }],
  )
})
