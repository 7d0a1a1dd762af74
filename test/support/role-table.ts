import type { FastifyInstance } from 'fastify'
import { apiOf, issueToken } from './api.ts'
import { routesOf } from './route-table.ts'
import type { Service } from './service.ts'

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
export const EXPECTED_BY_ROUTE: Readonly<Record<string, Expectation>> = {
  'GET /healthz': { status: 200 },
  'GET /readyz': { status: 200 },
  'GET /openapi.json': { status: 200 },
  'POST /webhooks/helpcrunch': { status: 401, body: {} }, // it asks for a signature, whatever the token
  'POST /webhooks/helpcrunch/': { status: 401, body: {} }, // the same one
  'GET /v1/rules': { role: 'viewer', status: 200 },
  'POST /v1/rules': { role: 'editor', status: 400, body: {} },
  'PUT /v1/rules': { role: 'editor', status: 428, body: { rules: [] } },
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

/** The routes of a service, but for the pages of the reference, which are files and open to everybody. */
export function guardedRoutes(app: Pick<FastifyInstance, 'printRoutes'>): string[] {
  return routesOf(app).filter((route) => !/ \/docs(\/|$)/.test(route))
}

/** One route asked with one kind of token. */
export interface Cell {
  readonly name: string
  /** Why it is wrong; undefined when it is as it should be. */
  readonly problem: string | undefined
}

/** Asks every route with every kind of token there is: none, four that are nobody's, and one of each role. */
export async function askEveryCell(service: Pick<Service, 'url'>): Promise<Cell[]> {
  const tokens = await kindsOfTokens(service)
  const cells: Cell[] = []
  for (const [route, expectation] of Object.entries(EXPECTED_BY_ROUTE)) {
    for (const { kind, token, holder } of tokens) {
      const problem = await askCell(service, route, expectation, token, holder)
      cells.push({ name: `${route} with ${kind}`, problem })
    }
  }
  return cells
}

interface KindOfToken {
  readonly kind: string
  readonly token: string
  /** Absent when the token is nobody's. */
  readonly holder?: Holder
}

async function kindsOfTokens(service: Pick<Service, 'url'>): Promise<KindOfToken[]> {
  const revoked = await issueToken(service, 'admin', 'revoked')
  await apiOf(service).send('DELETE', `/v1/tokens/${revoked.id}`)
  const kinds: KindOfToken[] = [
    { kind: 'no token', token: '' },
    { kind: 'a token that nobody issued', token: `hcr_${'A'.repeat(43)}` },
    { kind: 'a token that is none', token: 'wrong' },
    { kind: 'a revoked token', token: revoked.token },
  ]
  for (const holder of ['viewer', 'editor', 'admin'] as const) {
    kinds.push({ kind: holder, token: (await issueToken(service, holder)).token, holder })
  }
  return kinds
}

async function askCell(
  service: Pick<Service, 'url'>,
  route: string,
  { role, status, path, body, headers }: Expectation,
  token: string,
  holder: Holder | undefined,
): Promise<string | undefined> {
  const [method = '', url = ''] = route.split(' ')
  const reply = await apiOf(service, token).send(method, path ?? url, body, headers)
  const isLetIn = role === undefined || (holder !== undefined && RANK[holder] >= RANK[role])
  const wanted = isLetIn ? status : holder === undefined ? 401 : 403
  if (reply.status !== wanted) return `${reply.status} instead of ${wanted}`
  if (role !== undefined && reply.status === 401 && reply.headers.get('www-authenticate') !== 'Bearer') {
    return 'it does not say how to show a token'
  }
  const says = `${reply.body?.code} ${reply.body?.detail}`
  if (reply.status === 403 && !new RegExp(`forbidden .*role ${role}.*${holder}`).test(says)) return says
  return undefined
}
