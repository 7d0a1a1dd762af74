import { test } from 'tap'
import { issueToken } from '../support/api.ts'
import { startService } from '../support/service.ts'

test('what anybody may send takes no more than a connection of the database', async (t) => {
  const service = await startService(t, { settings: { ROLE: 'web' } })
  const { app, url } = service
  const { token } = await issueToken(service, 'viewer')
  let waitingMax = 0
  const statusOf = async (path: string, authorization = '') => {
    const { status } = await fetch(url + path, { headers: { authorization } })
    waitingMax = Math.max(waitingMax, app.database.pool.waitingCount)
    return status
  }
  const madeUp = (n: number) => `Bearer hcr_${String(n).padStart(43, 'x')}`
  const flood = Array.from({ length: 300 }, (_, n) => [statusOf('/readyz'), statusOf('/v1/rules', madeUp(n))]).flat()
  const genuine = statusOf('/v1/rules', `Bearer ${token}`)
  t.strictSame(new Set(await Promise.all(flood)), new Set([200, 401]))
  t.equal(await genuine, 200, 'a token of somebody is found among them')
  t.equal(waitingMax, 0, 'nobody had to wait for a connection')
})
