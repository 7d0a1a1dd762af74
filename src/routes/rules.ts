import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { lostDepartment } from '../domain/rule-notice.ts'
import { inOrderTried } from '../domain/ruleset.ts'
import type { DepartmentList } from '../services/list-departments.ts'
import type { StoredRule } from '../services/rule-book.ts'
import { ListQuery, notACursor, page, readCursor, readNumberCursor } from './paging.ts'
import { LIST_RULE_VERSIONS, READ_RULE } from './schemas/rule-operations.ts'
import { LIST_RULES } from './schemas/rule-set-operations.ts'

/** Of a whole number in Postgres. */
const VERSION_MAX = 2_147_483_647n

/** `GET /v1/rules`, in the order tried, `GET /v1/rules/{key}` and its versions. They warn of what may become true without a write. */
const rules: FastifyPluginAsyncTypebox = async (app) => {
  const role = 'viewer'
  app.get(
    '/v1/rules',
    { config: { role, operation: LIST_RULES }, schema: { querystring: ListQuery } },
    async ({ query: { limit, cursor } }, reply) => {
      const last = readPosition(cursor)
      const [{ version, rules: all }, departments] = await Promise.all([
        app.services.rules.list(),
        app.services.knownDepartments(),
      ])
      const rest = last === undefined ? all : all.filter((rule) => inOrderTried(last, rule) < 0)
      reply.header('etag', `"${version}"`)
      const { data, nextCursor } = page(rest, limit, ({ priority, key }) => `${priority}:${key}`)
      return { data: data.map((rule) => present(rule, departments)), nextCursor }
    },
  )

  const params = Type.Object({ key: Type.String({ maxLength: 64, description: 'The key of the rule.' }) })
  app.get(
    '/v1/rules/:key',
    { config: { role, operation: READ_RULE }, schema: { params } },
    async ({ params: { key } }, reply) => {
      const [rule, departments] = await Promise.all([app.services.rules.find(key), app.services.knownDepartments()])
      if (rule === undefined) return reply.problem(404, 'not_found', `There is no rule "${key}".`)
      reply.header('etag', `"${rule.version}"`)
      return present(rule, departments)
    },
  )

  const schema = { params, querystring: ListQuery }
  app.get(
    '/v1/rules/:key/versions',
    { config: { role, operation: LIST_RULE_VERSIONS }, schema },
    async ({ params: { key }, query }, reply) => {
      const before = readNumberCursor(query.cursor, VERSION_MAX)
      const rows = await app.services.rules.listVersions(
        key,
        query.limit + 1,
        before === undefined ? undefined : Number(before),
      )
      if (rows.length === 0 && before === undefined) {
        return reply.problem(404, 'not_found', `There never was a rule "${key}".`)
      }
      return page(rows, query.limit, ({ version }) => String(version))
    },
  )
}
export default rules

function present(rule: StoredRule, list: DepartmentList | undefined) {
  const isLost = list !== undefined && !list.departments.some(({ id }) => id === rule.department)
  return { ...rule, warnings: isLost ? [lostDepartment(rule)] : [] }
}

/** A place in the order, not a rule: the rule that was there may be gone, or have moved, by the time of the next page. */
function readPosition(cursor: string | undefined): { priority: number; key: string } | undefined {
  const position = readCursor(cursor)
  if (position === undefined) return undefined
  const [, priority, key] = /^(\d{1,5}):([a-z0-9-]+)$/.exec(position) ?? []
  if (priority === undefined || key === undefined) throw notACursor()
  return { priority: Number(priority), key }
}
