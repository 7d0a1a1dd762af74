import { askEveryCell, EXPECTED_BY_ROUTE, guardedRoutes } from '../../support/role-table.ts'
import { startService } from '../../support/service.ts'
import { exactly, type Scenario, told } from '../scenario.ts'

/** P27: every route of the router itself, asked with every kind of token. A route without an entry in the table breaks it. */
export const authorisation: Scenario = {
  id: 'P27',
  promise: 'every route lets in who may, and nobody else',
  async run(stage) {
    const service = await startService(stage, { settings: { ROLE: 'web' } })
    const routes = guardedRoutes(service.app)
    const listed = Object.keys(EXPECTED_BY_ROUTE)
    const unlisted = routes.filter((route) => !listed.includes(route))
    const gone = listed.filter((route) => !routes.includes(route))
    const cells = await askEveryCell(service)
    const wrong = cells.filter(({ problem }) => problem !== undefined)
    return [
      told('routes', routes.length),
      exactly('unlisted', unlisted.join(', ') || 'none', 'none'),
      exactly('gone', gone.join(', ') || 'none', 'none'),
      exactly('wrong', wrong.map(({ name, problem }) => `${name}: ${problem}`).join(', ') || 'none', 'none'),
      exactly('cells', wrong.length === 0 ? 'all' : cells.length - wrong.length, 'all'),
      told('asked', cells.length),
    ]
  },
}
