import { createHash } from 'node:crypto'
import { type Test, test } from 'tap'
import { apiOf, issueToken } from '../support/api.ts'
import { startSecondApp } from '../support/second-app.ts'
import { type Service, shareService } from '../support/service.ts'

const settings = { ROLE: 'web' }
const anyService = shareService({ settings })

async function withoutTokens(t: Test): Promise<Service> {
  const service = await anyService(t)
  await service.sql('DELETE FROM api_tokens')
  return service
}

test('a secret is shown once, and only its hash is kept', async (t) => {
  const service = await withoutTokens(t)
  const { send } = apiOf(service)
  const created = await send('POST', '/v1/tokens', { name: 'CI', role: 'editor' })
  t.match(created, {
    status: 201,
    body: { name: 'CI', role: 'editor', token: /^hcr_[A-Za-z0-9_-]{43}$/, createdBy: 'admin', lastUsedAt: null },
  })
  t.equal(created.headers.get('cache-control'), 'no-store')
  const { token, ...shown } = created.body
  t.strictSame((await send('GET', '/v1/tokens')).body, { data: [shown], nextCursor: null })
  const [row] = await service.sql<{ hash: Buffer; row: string }>('SELECT hash, t::text AS row FROM api_tokens t')
  t.strictSame(row?.hash, createHash('sha256').update(token).digest())
  t.notOk(row?.row.includes(token))
  const [audited] = await service.sql<{ found: boolean }>(
    'SELECT bool_or(e::text LIKE $1) AS found FROM audit_entries e',
    [`%${token}%`],
  )
  t.equal(audited?.found, false)
  t.not((await issueToken(service, 'editor')).token, token)
})

test('a token needs a name and one of the three roles', async (t) => {
  const { send } = apiOf(await withoutTokens(t))
  const pointers = async (body: unknown) => {
    const { status, body: problem } = await send('POST', '/v1/tokens', body)
    return [status, ...problem.errors.map(({ pointer }: { pointer: string }) => pointer)]
  }
  t.strictSame(await pointers({ role: 'owner', more: 1 }), [400, '/name', '/more', '/role'])
  t.strictSame(await pointers({ name: ' ', role: 'viewer' }), [400, '/name'])
  t.strictSame(await pointers({ name: 'a\nb', role: 'viewer' }), [400, '/name'])
  t.equal((await send('POST', '/v1/tokens', { name: '\u00a0 Ada, 2nd desk ', role: 'viewer' })).status, 201)
})

test('a name that is far too long is refused without much work', async (t) => {
  const { send } = apiOf(await withoutTokens(t))
  const startedAt = performance.now()
  const { status } = await send('POST', '/v1/tokens', { name: `${'a'.repeat(100_000)}\n`, role: 'viewer' })
  t.equal(status, 400)
  t.ok(performance.now() - startedAt < 2_000)
})

test('a revoked token is refused at once, by every replica', async (t) => {
  const service = await withoutTokens(t)
  const replica = await startSecondApp(t, service, settings)
  const { token, id } = await issueToken(service, 'viewer')
  const statuses = async () => {
    const replies = [service, replica].map((one) => apiOf(one, token).send('GET', '/v1/rules'))
    return (await Promise.all(replies)).map(({ status }) => status)
  }
  t.strictSame(await statuses(), [200, 200])
  t.equal((await apiOf(service).send('DELETE', `/v1/tokens/${id}`)).status, 204)
  t.strictSame(await statuses(), [401, 401])
  t.equal((await apiOf(service).send('DELETE', `/v1/tokens/${id}`)).status, 404)
  t.strictSame((await apiOf(service).send('GET', '/v1/tokens')).body.data, [])
})

test('the last use is kept to the minute', async (t) => {
  const service = await withoutTokens(t)
  const { token } = await issueToken(service, 'viewer')
  const use = async () => {
    await apiOf(service, token).send('GET', '/v1/facts')
    return (await apiOf(service).send('GET', '/v1/tokens')).body.data[0].lastUsedAt
  }
  const first = await use()
  t.match(first, /T.*Z$/)
  t.equal(await use(), first, 'not written again within the minute')
  await service.sql("UPDATE api_tokens SET last_used_at = last_used_at - interval '61 seconds'")
  t.ok((await use()) >= first)
})

test('nobody is turned away because the last use could not be written', async (t) => {
  const service = await withoutTokens(t)
  const { token } = await issueToken(service, 'viewer')
  await service.sql('ALTER TABLE api_tokens ADD CONSTRAINT unused CHECK (last_used_at IS NULL)')
  t.equal((await apiOf(service, token).send('GET', '/v1/facts')).status, 200)
  await service.sql('ALTER TABLE api_tokens DROP CONSTRAINT unused')
})

test('a token that cannot be looked up is not called a wrong one', async (t) => {
  const service = await withoutTokens(t)
  const { token } = await issueToken(service, 'viewer')
  await service.sql('ALTER TABLE api_tokens RENAME TO away')
  t.equal((await apiOf(service, token).send('GET', '/v1/facts')).status, 500)
  await service.sql('ALTER TABLE away RENAME TO api_tokens')
})

test('tokens come in pages, the newest first, while others are revoked', async (t) => {
  const service = await withoutTokens(t)
  const { send } = apiOf(service)
  const ids: string[] = []
  for (const name of ['a', 'b', 'c', 'd', 'e']) ids.unshift((await issueToken(service, 'viewer', name)).id)
  const seen: string[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const { body } = await send('GET', `/v1/tokens?limit=2${cursor && `&cursor=${cursor}`}`)
    seen.push(...body.data.map(({ id }: { id: string }) => id))
    cursor = body.nextCursor
    await send('DELETE', `/v1/tokens/${seen.at(-1)}`)
  }
  t.strictSame(seen, ids)
})
