import { test } from 'tap'
import { apiOf, ifMatch, issueToken } from '../support/api.ts'
import { rule } from '../support/rules.ts'
import { startService } from '../support/service.ts'

const settings = { ROLE: 'web' }
const german = rule()
const vip = rule({ key: 'vip', priority: 900, department: 20 })

test('the audit tells who did what when, from what to what, the newest first', async (t) => {
  const service = await startService(t, { settings, rules: [german] })
  const { token, id } = await issueToken(service, 'editor', 'Ada')
  const ada = apiOf(service, token)
  const renamed = { ...german, name: 'German' }
  await ada.send('PUT', '/v1/rules/german', renamed, ifMatch(1))
  await ada.send('POST', '/v1/rules', vip)
  await ada.send('PUT', '/v1/rules/order', { keys: ['german', 'vip'] })
  await ada.send('POST', '/v1/rules/german/rollback', { version: 1 })
  await ada.send('DELETE', '/v1/rules/vip', undefined, ifMatch(2))
  await apiOf(service).send('DELETE', `/v1/tokens/${id}`)
  const { body } = await service.get('/v1/audit')
  const by = { at: /T.*Z$/, actor: 'Ada', tokenId: id }
  const first = { ...renamed, priority: 200 }
  t.match(body.data, [
    {
      actor: 'admin',
      tokenId: null,
      action: 'token.revoked',
      subject: `token:${id}`,
      before: { name: 'Ada' },
      after: null,
    },
    { ...by, action: 'rule.deleted', subject: 'rule:vip', before: { ...vip, priority: 100 }, after: null },
    { ...by, action: 'rule.rolled_back', subject: 'rule:german', before: first, after: german },
    { ...by, action: 'rule.reordered', before: Object, after: Object },
    { ...by, action: 'rule.reordered', before: Object, after: Object },
    { ...by, action: 'rule.created', subject: 'rule:vip', before: null, after: vip },
    { ...by, action: 'rule.changed', subject: 'rule:german', before: german, after: renamed },
    { actor: 'admin', action: 'token.created', before: null, after: { name: 'Ada', role: 'editor' } },
    { actor: 'import', tokenId: null, action: 'rule.imported', subject: 'rule:german', before: null, after: german },
  ])
  t.equal(body.data.length, 9)
  t.equal(body.nextCursor, null)
})

test('what was refused is not in the audit', async (t) => {
  const service = await startService(t, { settings, rules: [german] })
  const { send } = apiOf(service)
  await send('PUT', '/v1/rules/german', german, ifMatch(2))
  await send('POST', '/v1/rules', german)
  await send('PUT', '/v1/rules/order', { keys: ['unheard-of'] })
  t.strictSame(
    (await service.get('/v1/audit')).body.data.map(({ action }: { action: string }) => action),
    ['rule.imported'],
  )
})

test('the audit can be filtered by actor, action and subject, and comes in pages', async (t) => {
  const service = await startService(t, { settings, rules: [german, vip] })
  const { token } = await issueToken(service, 'editor', 'Ada')
  await apiOf(service, token).send('PUT', '/v1/rules/german', german, ifMatch(1))
  await apiOf(service).send('PUT', '/v1/rules/german', german, ifMatch(2))
  const found = async (query: string) => {
    const { body } = await service.get(`/v1/audit?${query}`)
    return body.data.map(({ actor, action, subject }: Record<string, string>) => `${actor} ${action} ${subject}`)
  }
  t.strictSame(await found('actor=Ada'), ['Ada rule.changed rule:german'])
  t.strictSame(await found('action=rule.changed'), ['admin rule.changed rule:german', 'Ada rule.changed rule:german'])
  t.strictSame(await found('subject=rule:vip'), ['import rule.imported rule:vip'])
  t.strictSame(await found('actor=admin&action=rule.imported'), [])
  const all = await found('')
  const { body } = await service.get('/v1/audit?limit=2')
  t.equal(all.length, 5)
  t.equal((await found(`cursor=${body.nextCursor}`)).length, 3)
  t.equal((await service.get('/v1/audit?person=Ada')).status, 400)
})
