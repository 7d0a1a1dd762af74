import { type Test, test } from 'tap'
import { apiOf } from '../support/api.ts'
import { openConnection } from '../support/postgres.ts'
import { insertDecisions, insertEvents } from '../support/rows.ts'
import { giveRules, rule } from '../support/rules.ts'
import { type Service, shareService, until } from '../support/service.ts'

/** Nothing works anything off: a list shows what a test has put there. */
const anyService = shareService({ settings: { ROLE: 'web' } })
const PAGED = ['/v1/decisions', '/v1/events', '/v1/rules', '/v1/departments'] as const

const numbered = <T>(count: number, make: (n: number) => T) => Array.from({ length: count }, (_, n) => make(n))

async function withoutRows(t: Test): Promise<Service> {
  const service = await anyService(t)
  await service.sql('TRUNCATE decisions, webhook_events CASCADE')
  return service
}

/** Follows nextCursor to the end, and gives the ids of each page; `between` happens after each. */
async function walk({ get }: Service, path: string, between: () => Promise<unknown>): Promise<string[][]> {
  const pages: string[][] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const { body } = await get(`${path}?limit=20${cursor && `&cursor=${cursor}`}`)
    pages.push(body.data.map(({ id, key }: Record<string, string>) => id ?? key))
    cursor = body.nextCursor
    await between()
  }
  return pages
}

test('pages leave nothing out and repeat nothing, while new rows arrive', async (t) => {
  const service = await withoutRows(t)
  const decisions = await insertDecisions(
    service,
    numbered(45, () => ({})),
  )
  const decisionPages = await walk(service, '/v1/decisions', () => insertDecisions(service, [{}]))
  t.strictSame(decisionPages, [
    decisions.slice(25).toReversed(),
    decisions.slice(5, 25).toReversed(),
    decisions.slice(0, 5).toReversed(),
  ])

  await service.sql('DELETE FROM decisions')
  await service.sql('DELETE FROM webhook_events')
  const events = await insertEvents(
    service,
    numbered(45, (n) => ({ id: `event-${n}` })),
  )
  let arrived = 0
  const eventPages = await walk(service, '/v1/events', () => insertEvents(service, [{ id: `new-${arrived++}` }]))
  t.strictSame(eventPages.flat(), events.toReversed())
})

test('pages of a time range leave nothing out and repeat nothing, whatever the order of the ids', async (t) => {
  const service = await withoutRows(t)
  await insertDecisions(
    service,
    numbered(45, () => ({})),
  )
  // Three to a moment, and the ids the other way round.
  await service.sql(`UPDATE decisions SET decided_at = '2026-03-02T10:00:00Z'::timestamptz - (id / 3) * interval '1 s'`)
  const inOrder = await service.sql<{ id: string }>(
    'SELECT id::text FROM decisions ORDER BY decided_at DESC, decisions.id DESC',
  )
  const pages: string[] = []
  let cursor = ''
  do {
    const { body } = await service.get(`/v1/decisions?limit=20&to=2026-03-03T00:00:00Z${cursor && `&cursor=${cursor}`}`)
    pages.push(...body.data.map(({ id }: { id: string }) => id))
    cursor = body.nextCursor ?? ''
  } while (cursor !== '')
  t.strictSame(
    pages,
    inOrder.map(({ id }) => id),
  )
  t.equal(new Set(pages).size, 45)
})

test('pages of a time range go on in the order of time when the decision where one ended was taken back', async (t) => {
  const service = await withoutRows(t)
  const failed = { outcome: 'failed', rule: null, department: null }
  // As two replicas do in the same moment: who had the higher id was first.
  const [first, third, second] = await insertDecisions(service, [
    { ...failed, chatId: 601, decidedAt: '2026-03-02T09:00:00Z' },
    { ...failed, chatId: 602, decidedAt: '2026-03-02T10:00:00.002Z' },
    { ...failed, chatId: 603, decidedAt: '2026-03-02T10:00:00.001Z' },
  ])
  await service.sql('INSERT INTO chats (id) VALUES (601), (602), (603)')
  const retried: string[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const path = `/v1/decisions?limit=1&outcome=failed&to=2026-03-03T00:00:00Z${cursor && `&cursor=${cursor}`}`
    const { body } = await service.get(path)
    for (const { id } of body.data) {
      t.equal((await apiOf(service).send('POST', `/v1/decisions/${id}/retry`)).status, 202)
      retried.push(id)
    }
    cursor = body.nextCursor
  }
  t.strictSame(retried, [third, second, first])
})

test('a decision that is deleted while it is read is there, or is not there', async (t) => {
  const service = await withoutRows(t)
  const [first, second] = await insertDecisions(service, [{}, {}])
  const readWhileGoing = async (path: string, id: string | undefined) => {
    const retention = await openConnection(t, service.databaseUrl)
    await retention('BEGIN')
    await retention('LOCK TABLE webhook_events')
    const reading = service.get(path)
    await until('it has come to the event', async () => (await retention(WAITING)).length > 0)
    await retention('DELETE FROM decisions WHERE id = $1', [id])
    await retention('DELETE FROM webhook_events WHERE seq NOT IN (SELECT event_seq FROM decisions)')
    await retention('COMMIT')
    return reading
  }
  t.match(await readWhileGoing('/v1/decisions', first), {
    status: 200,
    body: { data: [{ id: second }], nextCursor: null },
  })
  t.match(await readWhileGoing(`/v1/decisions/${second}`, second), { status: 404, body: { code: 'not_found' } })
})

const WAITING = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"

test('pages of rules go on in the order tried when the rule where one ended is gone', async (t) => {
  const rules = numbered(45, (n) => rule({ key: `rule-${n}`, priority: 1_000 - Math.floor(n / 10) }))
  const service = await giveRules(await anyService(t), rules)
  const inOrder = rules.toSorted((a, b) => b.priority - a.priority || (a.key < b.key ? -1 : 1)).map(({ key }) => key)
  t.strictSame(await walk(service, '/v1/rules', async () => undefined), [
    inOrder.slice(0, 20),
    inOrder.slice(20, 40),
    inOrder.slice(40),
  ])
  const { body } = await service.get('/v1/rules?limit=20')
  await service.sql('UPDATE rule_versions SET live_to = live_from + 1 WHERE key = $1', [inOrder[19]])
  const { body: next } = await service.get(`/v1/rules?limit=1&cursor=${body.nextCursor}`)
  t.equal(next.data[0].key, inOrder[20])
})

test('a page has 20 rows unless told otherwise, and says when it is the last', async (t) => {
  const service = await withoutRows(t)
  await insertEvents(
    service,
    numbered(21, (n) => ({ id: `event-${n}` })),
  )
  t.equal((await service.get('/v1/events')).body.data.length, 20)
  const exact = await service.get('/v1/events?limit=21')
  t.strictSame([exact.body.data.length, exact.body.nextCursor], [21, null])
  const one = await service.get('/v1/events?limit=1')
  t.match(one.body, { data: [{ id: 'event-20' }], nextCursor: /^[A-Za-z0-9_-]+$/ })
})

/** What is wrong with a query, message by pointer. */
async function problems({ get }: Service, path: string): Promise<Record<string, string>> {
  const { status, body } = await get(path)
  if (status !== 400 || body.code !== 'invalid_input') return { status: String(status) }
  const entries = body.errors.map(({ pointer, message }: Record<string, string>) => [pointer, message])
  return Object.fromEntries(entries.sort())
}

test('what a list does not understand is refused: all of it at once, with its place, and what to do', async (t) => {
  const service = await anyService(t)
  const foreignCursor = Buffer.from('not a position').toString('base64url')
  for (const path of PAGED) {
    const limit = /^must be/
    for (const value of ['0', '101', 'ten', '1.5', ''])
      t.match(await problems(service, `${path}?limit=${value}`), { '/limit': limit }, `${path} ${value}`)
    const unknown = /^is not known here: take it out\. Known are .*limit, cursor/
    t.match(await problems(service, `${path}?page=2&a~b/c=1&limit=0`), {
      '/a~0b~1c': unknown,
      '/limit': 'must be >= 1',
      '/page': unknown,
    })
    t.match(await problems(service, `${path}?cursor=`), { '/cursor': /^must/ })
    t.match(await problems(service, `${path}?cursor=${foreignCursor}`), { '/cursor': /leave it out to begin/ }, path)
  }
})

test('a misspelt filter is answered with the right one', async (t) => {
  const service = await anyService(t)
  t.strictSame(await problems(service, '/v1/decisions?chatid=7&outcomes=failed'), {
    '/chatid': 'is not known here. Did you mean "chatId"?',
    '/outcomes': 'is not known here. Did you mean "outcome"?',
  })
})

test('a zone whose + was not written as %2B is answered with that', async (t) => {
  const service = await anyService(t)
  const message = 'must be a time with its zone, such as 2026-03-02T10:00:00Z: write + as %2B'
  t.strictSame(await problems(service, '/v1/decisions?from=2026-03-02T10:00:00+01:00'), { '/from': message })
  t.equal((await service.get('/v1/decisions?from=2026-03-02T10:00:00%2B01:00')).status, 200)
})

test('a filter says what it takes', async (t) => {
  const service = await anyService(t)
  const time = 'must be a time with its zone, such as 2026-03-02T10:00:00Z'
  t.strictSame(
    await problems(
      service,
      '/v1/decisions?outcome=done&department=0&chatId=one&from=yesterday&to=2026-13-01T00:00:00Z',
    ),
    {
      '/chatId': 'must be integer',
      '/department': 'must be >= 1',
      '/from': time,
      '/outcome': 'must be one of pending, applied, unchanged, no_match, skipped, shadow, rejected, failed',
      '/to': time,
    },
  )
  t.strictSame(await problems(service, '/v1/decisions?from=2026-03-02T10:00:00&to=2026-03-02'), {
    '/from': time,
    '/to': time,
  })
  t.strictSame(await problems(service, '/v1/events?status=new&chatId=-1'), {
    '/chatId': 'must be >= 1',
    '/status': 'must be one of waiting, done, ignored, unreadable, set_aside',
  })
  t.strictSame(await problems(service, '/v1/departments?refresh=maybe'), { '/refresh': 'must be boolean' })
})
