import fastify from 'fastify'
import fp from 'fastify-plugin'
import { test } from 'tap'
import auth from '../../src/plugins/auth.ts'
import problems from '../../src/plugins/problems.ts'

// That every route answers every kind of token as it should is P27 of the chaos suite; its table is test/support/role-table.ts.

test('a route under /v1 that declares no role keeps the service from starting', async (t) => {
  const app = fastify()
  t.teardown(() => app.close())
  await app.register(problems)
  await app.register(fp(async () => {}, { name: 'services' }))
  await app.register(auth)
  app.get('/open', async () => 'everybody')
  t.throws(() => app.get('/v1/forgotten', async () => 'nobody'), { message: /GET \/v1\/forgotten declares no role/ })
})
