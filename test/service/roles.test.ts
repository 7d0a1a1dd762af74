import fastify from 'fastify'
import fp from 'fastify-plugin'
import { test } from 'tap'
import auth from '../../src/plugins/auth.ts'
import problems from '../../src/plugins/problems.ts'
import { apiOf, issueToken } from '../support/api.ts'
import { routesOf } from '../support/route-table.ts'
import { startService } from '../support/service.ts'

type Holder = 'viewer' | 'editor' | 'admin'

interface Expectation {
  /** The smallest role that is let in; everybody is where there is none. */
  readonly role?: Holder
  /** What those who are let in are answered. */
  readonly status: number
  readonly path?: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

const GERMAN = { path: '/v1/rules/german' }
const STALE = { 'if-match': '"9"' }
const NOBODY = '00000000-0000-0000-0000-000000000000'

/** Every route there is. A request changes nothing that another one looks at. */
const EXPECTED: Readonly<Record<string, Expectation>> = {
  'GET /healthz': { status: 200 },
  'GET /readyz': { status: 200 },
  'GET /openapi.json': { status: 200 },
  'POST /webhooks/helpcrunch': { status: 401, body: {} }, // it asks for a signature, whatever the token
  'GET /v1/rules': { role: 'viewer', status: 200 },
  'POST /v1/rules': { role: 'editor', status: 400, body: {} },
  'GET /v1/rules/:key': { role: 'viewer', status: 200, ...GERMAN },
  'PUT /v1/rules/:key': { role: 'editor', status: 428, ...GERMAN, body: {} },
  'DELETE /v1/rules/:key': { role: 'editor', status: 412, ...GERMAN, headers: STALE },
  'PUT /v1/rules/order': { role: 'editor', status: 400, body: { keys: [] } },
  'GET /v1/rules/:key/versions': { role: 'viewer', status: 200, path: '/v1/rules/german/versions' },
  'POST /v1/rules/:key/rollback': {
    role: 'editor',
    status: 404,
    path: '/v1/rules/german/rollback',
    body: { version: 9 },
  },
  'POST /v1/rules/check': { role: 'viewer', status: 400, body: {} },
  'POST /v1/simulations': { role: 'viewer', status: 400, body: {} },
  'POST /v1/backtests': { role: 'viewer', status: 400, body: {} },
  'GET /v1/decisions': { role: 'viewer', status: 200 },
  'GET /v1/decisions/:id': { role: 'viewer', status: 404, path: '/v1/decisions/9' },
  'POST /v1/decisions/:id/retry': { role: 'editor', status: 404, path: '/v1/decisions/9/retry' },
  'POST /v1/decisions/:id/test': { role: 'viewer', status: 404, path: '/v1/decisions/9/test' },
  'GET /v1/events': { role: 'viewer', status: 200 },
  'GET /v1/events/:id': { role: 'viewer', status: 404, path: '/v1/events/9' },
  'POST /v1/events/:id/retry': { role: 'editor', status: 404, path: '/v1/events/9/retry' },
  'GET /v1/departments': { role: 'viewer', status: 200 },
  'GET /v1/facts': { role: 'viewer', status: 200 },
  'GET /v1/stats': { role: 'viewer', status: 200 },
  'GET /v1/tokens': { role: 'admin', status: 200 },
  'POST /v1/tokens': { role: 'admin', status: 400, body: {} },
  'DELETE /v1/tokens/:id': { role: 'admin', status: 404, path: `/v1/tokens/${NOBODY}` },
  'GET /v1/audit': { role: 'admin', status: 200 },
  'DELETE /v1/customers/:id': { role: 'admin', status: 404, path: '/v1/customers/9' },
}

const RANK: Readonly<Record<Holder, number>> = { viewer: 1, editor: 2, admin: 3 }

test('every route answers every kind of token as it should', async (t) => {
  const service = await startService(t, { settings: { ROLE: 'web' } })
  // The pages of the reference are files, open to everybody.
  const routes = routesOf(service.app).filter((route) => !/ \/docs(\/|$)/.test(route))
  t.strictSame(routes, Object.keys(EXPECTED).toSorted(), 'the table names each route')
  const revoked = await issueToken(service, 'admin', 'revoked')
  await apiOf(service).send('DELETE', `/v1/tokens/${revoked.id}`)
  const tokens = new Map<string, { token: string; holder?: Holder }>([
    ['no token', { token: '' }],
    ['a token that nobody issued', { token: `hcr_${'A'.repeat(43)}` }],
    ['a token that is none', { token: 'wrong' }],
    ['a revoked token', { token: revoked.token }],
  ])
  for (const holder of ['viewer', 'editor', 'admin'] as const) {
    tokens.set(holder, { token: (await issueToken(service, holder)).token, holder })
  }
  for (const [route, { role, status, path, body, headers }] of Object.entries(EXPECTED)) {
    const [method = '', url = ''] = route.split(' ')
    for (const [kind, { token, holder }] of tokens) {
      const reply = await apiOf(service, token).send(method, path ?? url, body, headers)
      const refusal = holder === undefined ? 401 : 403
      const isLetIn = role === undefined || (holder !== undefined && RANK[holder] >= RANK[role])
      t.equal(reply.status, isLetIn ? status : refusal, `${route} with ${kind}`)
      if (role !== undefined && reply.status === 401) t.equal(reply.headers.get('www-authenticate'), 'Bearer')
      if (reply.status === 403)
        t.match(reply.body, { code: 'forbidden', detail: new RegExp(`role ${role}.*${holder}`) })
    }
  }
})

test('a route under /v1 that declares no role keeps the service from starting', async (t) => {
  const app = fastify()
  t.teardown(() => app.close())
  await app.register(problems)
  await app.register(fp(async () => {}, { name: 'services' }))
  await app.register(auth)
  app.get('/open', async () => 'everybody')
  t.throws(() => app.get('/v1/forgotten', async () => 'nobody'), { message: /GET \/v1\/forgotten declares no role/ })
})
