import { type Test, test } from 'tap'
import type { SimulatorSwitches } from '../../src/sandbox/simulator/switches.ts'
import { callApi, startSmallAccount } from './simulator-fixture.ts'

/** Statuses of calls made at these seconds of a minute, where two calls a minute are allowed. */
async function statusesAt(t: Test, times: readonly number[], switches: Partial<SimulatorSwitches> = {}) {
  const start = Date.parse('2026-03-02T10:00:00Z')
  let now = new Date(start)
  const limited = { rateLimitPerMinute: 2, ...switches }
  const { simulator } = await startSmallAccount(t, { switches: limited, now: () => now })
  const statuses: number[] = []
  for (const time of times) {
    now = new Date(start + time * 1_000)
    statuses.push((await callApi(simulator, 'GET', '/organization')).status)
  }
  return { statuses, simulator }
}

test('a sliding window lets a call in when the oldest one is a minute old', async (t) => {
  const { statuses } = await statusesAt(t, [50, 55, 60, 109, 110, 111, 115])
  t.strictSame(statuses, [200, 200, 429, 429, 200, 429, 200])
})

test('a fixed window starts afresh with the minute', async (t) => {
  const { statuses } = await statusesAt(t, [50, 55, 59, 60, 61, 62], { rateWindow: 'fixed' })
  t.strictSame(statuses, [200, 200, 429, 200, 200, 429])
})

test('the most calls in any window are counted over all calls, refused ones too', async (t) => {
  const { simulator } = await statusesAt(t, [0, 50, 55, 59, 60, 200])
  t.equal(simulator.calls.maxCallsInAnyWindow(60_000), 4)
  t.equal(simulator.calls.maxCallsInAnyWindow(5_000), 2)
})

test('a call with a wrong key is 401 and takes nothing from the limit', async (t) => {
  const { simulator } = await startSmallAccount(t, { switches: { rateLimitPerMinute: 1 } })
  t.equal((await callApi(simulator, 'GET', '/agents', undefined, 'another key')).status, 401)
  t.equal((await callApi(simulator, 'GET', '/agents')).status, 200)
})

test('the key of another script of the account is accepted and shares the limit', async (t) => {
  const { simulator } = await startSmallAccount(t, { otherApiKeys: ['rival'], switches: { rateLimitPerMinute: 1 } })
  t.equal((await callApi(simulator, 'GET', '/agents', undefined, 'rival')).status, 200)
  t.equal((await callApi(simulator, 'GET', '/agents')).status, 429)
})
