import { type Test, test } from 'tap'
import { apiOf } from '../support/api.ts'
import { rule } from '../support/rules.ts'
import { type Service, startService } from '../support/service.ts'
import { shiftedDate } from '../support/shifted-date.ts'

const settings = { ROLE: 'web', HELPCRUNCH_REQUESTS_PER_MINUTE: '1000' }
const LISTED = { path: '/v1/departments' }
/** As if the list had been made that long ago. */
const age = ({ sql }: Pick<Service, 'sql'>, interval: string) =>
  sql(`UPDATE departments SET fetched_at = now() - interval '${interval}'`)

/** Lets the process believe that so much time has passed. */
function timeSkipper(t: Test): (ms: number) => void {
  const now = performance.now.bind(performance)
  let skippedMs = 0
  t.intercept(performance, 'now', { value: () => now() + skippedMs })
  return (ms) => {
    skippedMs += ms
  }
}

test('departments are listed once and then remembered, until somebody asks for a refresh', async (t) => {
  const { simulator, get, sql } = await startService(t, { settings })
  const { status, body } = await get('/v1/departments')
  t.equal(status, 200)
  t.match(body, {
    data: [10, 20, 30, 40].map((id) => ({ id, name: `Department ${id}` })),
    nextCursor: null,
    fetchedAt: /T.*Z$/,
  })
  simulator.addDepartment({ id: 50, name: 'Billing' })
  t.equal((await get('/v1/departments')).body.data.length, 4)
  t.equal(simulator.calls.count(LISTED), 1, 'the second request makes no call')
  await age({ sql }, '11 seconds')
  t.equal((await get('/v1/departments?refresh=true')).body.data.length, 5)
  t.match((await get('/v1/departments')).body.data[4], { id: 50, name: 'Billing' })
  t.equal(simulator.calls.count(LISTED), 2)
})

test('pages of departments leave none out, in whatever order HelpCrunch lists them', async (t) => {
  const { simulator, get } = await startService(t, { settings })
  simulator.addDepartment({ id: 5, name: 'Billing' })
  const { body: first } = await get('/v1/departments?limit=3')
  const { body: second } = await get(`/v1/departments?limit=3&cursor=${first.nextCursor}`)
  const ids = [...first.data, ...second.data].map(({ id }) => id)
  t.strictSame(ids, [5, 10, 20, 30, 40])
})

test('however often and by how many at once a refresh is asked for, HelpCrunch is asked once in ten seconds', async (t) => {
  const { simulator, get, sql } = await startService(t, { settings })
  const refresh = () => get('/v1/departments?refresh=true')
  simulator.script(LISTED, [{ kind: 'delay', ms: 300 }]) // all have come by then
  await Promise.all(Array.from({ length: 8 }, refresh))
  t.equal(simulator.calls.count(LISTED), 1, 'those who come together share the answer')
  const { body } = await refresh()
  await age({ sql }, '5 seconds')
  t.notSame((await refresh()).body.fetchedAt, body.fetchedAt, 'the reader sees how old it is')
  t.equal(simulator.calls.count(LISTED), 1)
})

test('departments are listed again an hour later', async (t) => {
  const { simulator, get, sql } = await startService(t, { settings })
  await get('/v1/departments')
  await age({ sql }, '61 minutes')
  await get('/v1/departments')
  t.equal(simulator.calls.count(LISTED), 2)
})

test('how old the list is goes by the clock of the database, whatever that of a replica says', async (t) => {
  const { simulator, get, sql } = await startService(t, { settings })
  await get('/v1/departments')
  t.intercept(globalThis, 'Date', { value: shiftedDate(2 * 3_600_000) })
  await get('/v1/departments')
  t.equal(simulator.calls.count(LISTED), 1, 'it is not old')
  await sql("UPDATE departments SET fetched_at = now() - interval '1 minute'")
  await get('/v1/departments?refresh=true')
  t.equal(simulator.calls.count(LISTED), 2)
  t.strictSame(await sql('SELECT FROM departments WHERE fetched_at > clock_timestamp()'), [], 'nor of the future')
})

test('more departments than fit one of their pages are all listed, and come in pages', async (t) => {
  const { simulator, get } = await startService(t, { settings })
  for (let id = 101; id <= 220; id++) simulator.addDepartment({ id, name: `Department ${id}` })
  const ids: number[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const { body } = await get(`/v1/departments?limit=50${cursor && `&cursor=${cursor}`}`)
    ids.push(...body.data.map(({ id }: { id: number }) => id))
    cursor = body.nextCursor
  }
  t.strictSame(ids, [10, 20, 30, 40, ...Array.from({ length: 120 }, (_, n) => 101 + n)])
  t.equal(simulator.calls.count(LISTED), 2)
})

test('pages that are shorter than asked for are all listed where HelpCrunch tells how many departments there are', async (t) => {
  const { simulator, get, sql } = await startService(t, { settings })
  const [ten, twenty, thirty] = [10, 20, 30].map((id) => ({ id, name: `Department ${id}` }))
  for (const total of [{ meta: { total: 3 } }, { total: '3' }]) {
    simulator.script(LISTED, [
      { kind: 'wrong_body', body: { data: [ten, twenty], ...total } },
      { kind: 'wrong_body', body: { data: [thirty], ...total } },
    ])
    const { body } = await get('/v1/departments?refresh=true')
    t.strictSame(body.data, [ten, twenty, thirty])
    await age({ sql }, '11 seconds')
  }
  t.strictSame(
    simulator.calls.all.map(({ query }) => query),
    [0, 2, 0, 2].map((offset) => `offset=${offset}&limit=100`),
  )
})

test('where HelpCrunch does not tell how many departments there are, all are listed up to a page that is not full', async (t) => {
  const { simulator, get } = await startService(t, { settings })
  const pages = [Array.from({ length: 100 }, (_, n) => ({ id: n + 1, name: 'One of many' })), [{ id: 101 }]]
  simulator.script(
    LISTED,
    pages.map((data) => ({ kind: 'wrong_body', body: { data } })),
  )
  const { nextCursor } = (await get('/v1/departments?limit=100')).body
  t.equal(simulator.calls.count(LISTED), 2)
  const last = { id: 101, name: 'Department 101' } // by its number, as it has no name
  t.strictSame((await get(`/v1/departments?cursor=${nextCursor}`)).body.data, [last])
})

test('pages that repeat themselves, or fall short of their total, come to an end', async (t) => {
  const { simulator, get, sql } = await startService(t, { settings })
  const data = Array.from({ length: 100 }, (_, n) => ({ id: n + 1, name: 'One of many' }))
  simulator.script(LISTED, Array(2).fill({ kind: 'wrong_body', body: { data, total: 300 } }))
  t.equal((await get('/v1/departments?limit=100')).body.data.length, 100)
  t.equal(simulator.calls.count(LISTED), 2)
  await age({ sql }, '11 seconds')
  simulator.script(LISTED, [{ kind: 'wrong_body', body: { data: data.slice(0, 3), total: 9 } }])
  simulator.script(LISTED, [{ kind: 'wrong_body', body: { data: [], total: 9 } }])
  t.equal((await get('/v1/departments?refresh=true')).body.data.length, 3)
  t.equal(simulator.calls.count(LISTED), 4)
})

test('a list of something else does not take the place of the departments', async (t) => {
  const { simulator, get, sql } = await startService(t, { settings })
  await get('/v1/departments')
  await age({ sql }, '11 seconds')
  simulator.script(LISTED, [{ kind: 'wrong_body', body: { data: [{ uuid: 'a' }, { uuid: 'b' }] } }])
  t.equal((await get('/v1/departments?refresh=true')).body.data.length, 4)
})

test('while HelpCrunch is away the last list is told, and without one that there is none', async (t) => {
  const { simulator, get, sql } = await startService(t, { settings })
  const skip = timeSkipper(t)
  await simulator.refuseConnections()
  const unavailable = { status: 503, body: { code: 'helpcrunch_unavailable', detail: /never been listed/ } }
  t.match(await get('/v1/departments'), unavailable)
  await simulator.acceptConnections()
  skip(11_000)
  await get('/v1/departments')
  await age({ sql }, '11 seconds')
  const { body } = await get('/v1/departments')
  await simulator.refuseConnections()
  t.match(await get('/v1/departments?refresh=true'), {
    status: 200,
    body: { data: body.data, fetchedAt: body.fetchedAt },
  })
  await simulator.acceptConnections()
  simulator.script(LISTED, [
    { kind: 'wrong_body', body: '<html></html>' },
    { kind: 'status', status: 500 },
  ])
  for (const reply of ['no JSON', 'an error']) {
    skip(11_000)
    t.match(await get('/v1/departments?refresh=true'), { status: 200, body: { fetchedAt: body.fetchedAt } }, reply)
  }
})

test('a list that HelpCrunch does not give is asked for once in ten seconds, however often and for whatever', async (t) => {
  const service = await startService(t, { settings })
  const { simulator, get } = service
  const { send } = apiOf(service)
  const skip = timeSkipper(t)
  simulator.script(LISTED, [{ kind: 'status', status: 403 }], { forever: true })
  const askFour = async () => {
    await get('/v1/departments')
    await get('/v1/departments?refresh=true')
    for (const key of ['french', 'german']) await send('POST', '/v1/rules/check', { rule: rule({ key }) })
  }
  await askFour()
  t.equal(simulator.calls.count(LISTED), 1)
  skip(11_000)
  await askFour()
  t.equal(simulator.calls.count(LISTED), 2)
})

test('either form of the total is read', async (t) => {
  const { simulator, get, sql } = await startService(t, { settings })
  for (const listTotal of ['meta', 'top_level', 'absent'] as const) {
    simulator.switches.listTotal = listTotal
    await age({ sql }, '11 seconds')
    t.equal((await get('/v1/departments?refresh=true')).body.data.length, 4, listTotal)
  }
})

test('an address that leads elsewhere is named as that, and not taken for a key that may not', async (t) => {
  const { simulator, get, app } = await startService(t, { settings })
  const warnings: unknown[] = []
  app.log.warn = (fields: unknown, message?: string) => warnings.push([message, fields])
  simulator.script(LISTED, [{ kind: 'status', status: 404 }], { forever: true })
  t.equal((await get('/v1/departments')).status, 503)
  t.match(warnings, [['departments.not_listed', { status: 404, problem: /HELPCRUNCH_API_URL: it must lead to/ }]])
})

test('a key that may not list departments may still move chats: nobody waits, and the log says what is not known', async (t) => {
  const { simulator, get, sql, app } = await startService(t, { settings })
  const warnings: unknown[] = []
  app.log.warn = (fields: unknown, message?: string) => warnings.push([message, fields])
  simulator.script(LISTED, [{ kind: 'status', status: 403 }], { forever: true })
  t.match(await get('/v1/departments'), { status: 503, body: { code: 'helpcrunch_unavailable' } })
  t.match(await sql('SELECT paused_until, strikes FROM helpcrunch_account'), [{ paused_until: null, strikes: 0 }])
  t.match(warnings, [
    ['departments.not_listed', { status: 403, problem: /refuses to list departments for this API key/ }],
  ])
})
