import { test } from 'tap'
import { createGuard, FAILPOINTS } from '../../src/adapters/failpoints.ts'
import { buildApp } from '../../src/app.ts'
import type { ChatClaims } from '../../src/services/chat-claim.ts'

const claims: ChatClaims = {
  claim: async (chatId) => ({ chatId, fence: 1n }),
  release: async () => {},
}

test('without FAILPOINT a port is given back as it is', async (t) => {
  t.equal(createGuard({})('claims', claims), claims)
  t.equal(createGuard({ FAILPOINT: '' })('claims', claims), claims)
})

test('the process dies as it comes to the point for the n-th time, and not before', async (t) => {
  let deaths = 0
  const guarded = createGuard({ FAILPOINT: 'claims.claim:after:2' }, () => (deaths += 1))('claims', claims)
  t.same(await guarded.claim(7), { chatId: 7, fence: 1n }, 'what the port gives is given on')
  await guarded.release({ chatId: 7, fence: 1n })
  t.equal(deaths, 0)
  await guarded.claim(7)
  t.equal(deaths, 1)
})

test('a point "before" comes before the step, and "after" after it', async (t) => {
  const order: string[] = []
  const noting: ChatClaims = {
    ...claims,
    release: async () => void order.push('released'),
  }
  const before = createGuard({ FAILPOINT: 'claims.release:before:1' }, () => order.push('dead'))('claims', noting)
  const after = createGuard({ FAILPOINT: 'claims.release:after:1' }, () => order.push('dead'))('claims', noting)
  await before.release({ chatId: 7, fence: 1n })
  await after.release({ chatId: 7, fence: 1n })
  t.same(order, ['dead', 'released', 'released', 'dead'])
})

test('FAILPOINT is refused in production, before anything is opened', async (t) => {
  const env = { FAILPOINT: 'claims.claim:before:1', NODE_ENV: 'production' }
  await t.rejects(async () => void (await buildApp({ env, logger: false })), /Remove it where NODE_ENV=production/)
})

test('a FAILPOINT that would never be reached is refused, with the points there are', async (t) => {
  for (const setting of ['claims.clam:before:1', 'claims.claim:before', 'claims.claim:before:0', 'claims.claim:1']) {
    t.throws(() => createGuard({ FAILPOINT: setting }), /claims\.claim:before, claims\.claim:after/, setting)
  }
  t.equal(new Set(FAILPOINTS).size, FAILPOINTS.length)
})
