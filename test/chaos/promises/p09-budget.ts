import { setTimeout as sleep } from 'node:timers/promises'
import type { Call } from '../../../src/sandbox/simulator/calls.ts'
import { until } from '../../support/service.ts'
import { drain } from '../books.ts'
import { openChat, type Peers, startPeers } from '../cluster.ts'
import { deliver } from '../deliver.ts'
import { atLeast, atMost, exactly, type Figure, type Scenario, type Stage, told } from '../scenario.ts'
import { createSender, type Sender } from '../sender.ts'

const MINUTE_MS = 60_000
const RIVAL_KEY = 'api-key-of-a-rival-script'
/** A call that was on its way when another was refused is refused with it. */
const ON_ITS_WAY_MS = 1_000

/** Replicas with more moves than calls, on an account that refuses each call beyond the budget; then a rival that eats half of it. */
export const accountBudget: Scenario = {
  id: 'P9',
  promise: "all replicas together stay within the account's budget, and none calls before a pause is over",
  async run(stage) {
    const budget = stage.size(400, 40)
    const chats = stage.size(1_000, 50)
    const cluster = await startPeers(stage, {
      replicas: stage.size(3, 2),
      settings: { HELPCRUNCH_REQUESTS_PER_MINUTE: String(budget) },
      simulator: { otherApiKeys: [RIVAL_KEY], switches: { rateLimitPerMinute: budget, retryAfter: 'seconds' } },
    })
    const { simulator } = cluster
    const sender = createSender(stage)
    for (let chat = 0; chat < chats; chat++) await deliver(sender, cluster.url, openChat(simulator).envelope)
    // The quick form does not wait for the minutes that the rest needs.
    if (!stage.isQuick) await drain(stage, cluster.sql)
    else await until('the budget is used', () => simulator.calls.all.length >= budget)
    await until('no call is under way', () => simulator.calls.all.every(({ endedAt }) => endedAt !== null))
    const refused = simulator.calls.count({ status: 429 })
    return [
      told('calls', simulator.calls.all.length),
      atMost('max_in_any_60s', simulator.calls.maxCallsInAnyWindow(MINUTE_MS), budget),
      exactly('429', refused, 0),
      ...(stage.isQuick ? [] : await withRival(stage, cluster, sender, budget)),
    ]
  },
}

/** A rival takes half of a new minute: the account refuses some of our calls, and says when it will not. */
async function withRival(stage: Stage, cluster: Peers, sender: Sender, budget: number): Promise<Figure[]> {
  const { simulator, sql } = cluster
  await sleep(MINUTE_MS + 2_000) // a new minute, of the account and of the budget
  simulator.calls.forget()
  simulator.spendCalls(budget / 2, RIVAL_KEY)
  for (let chat = 0; chat < budget; chat++) await deliver(sender, cluster.url, openChat(simulator).envelope)
  await drain(stage, sql)
  const refused = simulator.calls.count({ status: 429 })
  return [atLeast('refused_by_rival', refused, 1), exactly('retried_early', countEarly(simulator.calls.all), 0)]
}

/** Refusals of calls that came before a pause was over. It is over when the account has let one in: then it may refuse the next. */
function countEarly(calls: readonly Call[]): number {
  let pausedAtMs = Number.NaN
  let early = 0
  for (const { at, status } of calls) {
    const isOnItsWay = at.getTime() <= pausedAtMs + ON_ITS_WAY_MS
    if (status !== 429) pausedAtMs = isOnItsWay ? pausedAtMs : Number.NaN
    else if (Number.isNaN(pausedAtMs)) pausedAtMs = at.getTime()
    else if (!isOnItsWay) early += 1
  }
  return early
}
