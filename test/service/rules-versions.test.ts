import { test } from 'tap'
import { apiOf, ifMatch, issueToken } from '../support/api.ts'
import { NONE } from '../support/none.ts'
import { giveRules, rule } from '../support/rules.ts'
import { shareService, startService } from '../support/service.ts'

const settings = { ROLE: 'web', HELPCRUNCH_REQUESTS_PER_MINUTE: '1000' }
const german = rule()
const anyService = shareService({ settings })

test('every version is kept with its author, its time and its whole document, the newest first', async (t) => {
  const service = await startService(t, { settings, rules: [german] })
  const { token } = await issueToken(service, 'editor', 'Ada')
  const { send } = apiOf(service, token)
  await send('PUT', '/v1/rules/german', { ...german, name: 'Second' }, ifMatch(1))
  await send('POST', '/v1/rules', rule({ key: 'another', priority: 1 }))
  await send('DELETE', '/v1/rules/german', undefined, ifMatch(2))
  await send('POST', '/v1/rules', { ...german, name: 'Third' })
  const { status, body } = await send('GET', '/v1/rules/german/versions')
  t.equal(status, 200)
  const time = /T.*Z$/
  t.match(body, {
    data: [
      { version: 3, author: 'Ada', createdAt: time, liveFrom: 5, liveTo: null, document: { ...german, name: 'Third' } },
      { version: 2, author: 'Ada', createdAt: time, liveFrom: 2, liveTo: 4, document: { ...german, name: 'Second' } },
      { version: 1, author: 'import', createdAt: time, liveFrom: 1, liveTo: 2, document: german },
    ],
    nextCursor: null,
  })
  const again = await send('GET', '/v1/rules/german')
  t.match(again.body, { version: 3, createdAt: body.data[0].createdAt }, 'a rule that was deleted begins anew')
})

test('versions come in pages, those of a deleted rule too', async (t) => {
  const { send } = apiOf(await giveRules(await anyService(t), [german]))
  await send('PUT', '/v1/rules/german', german, ifMatch(1))
  await send('PUT', '/v1/rules/german', german, ifMatch(2))
  await send('DELETE', '/v1/rules/german', undefined, ifMatch(3))
  const versions: number[][] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const { body } = await send('GET', `/v1/rules/german/versions?limit=2${cursor && `&cursor=${cursor}`}`)
    versions.push(body.data.map(({ version }: { version: number }) => version))
    cursor = body.nextCursor
  }
  t.strictSame(versions, [[3, 2], [1]])
  t.equal((await send('GET', '/v1/rules/unheard-of/versions')).status, 404)
  const foreign = Buffer.from('500:german').toString('base64url')
  t.equal((await send('GET', `/v1/rules/german/versions?cursor=${foreign}`)).status, 400)
})

test('a rollback is a new version with an old document', async (t) => {
  const { send } = apiOf(await giveRules(await anyService(t), [german]))
  await send('PUT', '/v1/rules/german', { ...german, name: 'A mistake' }, ifMatch(1))
  const back = await send('POST', '/v1/rules/german/rollback', { version: 1 })
  t.match(back, { status: 200, body: { ...german, version: 3, updatedBy: 'admin', warnings: NONE } })
  t.equal(back.headers.get('etag'), '"3"')
  t.equal((await send('GET', '/v1/rules/german/versions')).body.data.length, 3)
  for (const [key, version] of [
    ['german', 9],
    ['unheard-of', 1],
  ] as const) {
    t.match(await send('POST', `/v1/rules/${key}/rollback`, { version }), {
      status: 404,
      body: { detail: `There is no version ${version} of a rule "${key}".` },
    })
  }
  t.equal((await send('POST', '/v1/rules/german/rollback', {})).status, 400)
  const stale = await send('POST', '/v1/rules/german/rollback', { version: 1 }, ifMatch(2))
  t.equal(stale.status, 412, 'who says which version he has seen is protected like any other')
})

test('a rollback brings a deleted rule back', async (t) => {
  const { send } = apiOf(await giveRules(await anyService(t), [german]))
  await send('DELETE', '/v1/rules/german', undefined, ifMatch(1))
  t.match(await send('POST', '/v1/rules/german/rollback', { version: 1 }), { status: 200, body: { version: 2 } })
  t.match(await send('GET', '/v1/rules/german'), { status: 200, body: german })
})

test('a rollback that expects a version of a deleted rule is told that the rule has been deleted', async (t) => {
  const { send } = apiOf(await giveRules(await anyService(t), [german]))
  await send('DELETE', '/v1/rules/german', undefined, ifMatch(1))
  t.match(await send('POST', '/v1/rules/german/rollback', { version: 1 }, ifMatch(1)), {
    status: 412,
    body: { code: 'stale', detail: 'The rule has been deleted; send no If-Match to bring it back.' },
  })
  t.equal((await send('POST', '/v1/rules/german/rollback', { version: 9 }, ifMatch(1))).status, 404)
})

test('a rollback to a version that could not be written today is refused with the reason', async (t) => {
  const service = await giveRules(await anyService(t), [german])
  const { send } = apiOf(service)
  await send('PUT', '/v1/rules/german', { ...german, department: 20 }, ifMatch(1))
  await service.sql(`UPDATE rule_versions SET document = json_build_object('key', 'german', 'name', 'x', 'status', 'enabled',
    'priority', 5, 'department', 99, 'conditions', '{"fact":"language","operator":"equal","value":"de"}'::json) WHERE version = 1`)
  t.match(await send('POST', '/v1/rules/german/rollback', { version: 1 }), {
    status: 400,
    body: { errors: [{ pointer: '/department', message: /no department 99/ }] },
  })
})
