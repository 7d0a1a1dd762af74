import { setTimeout as sleep } from 'node:timers/promises'
import { drain } from '../books.ts'
import { EVERY_NEW_CHAT, startCluster } from '../cluster.ts'
import { addOrderedDepartments, ORDER_RULES, ORDERED } from '../orders.ts'
import { atLeast, exactly, type Scenario } from '../scenario.ts'
import { createSender } from '../sender.ts'
import { judge, liveThrough } from '../stories.ts'

const TWO_HOURS_MS = 2 * 3_600_000
const PRELOAD = import.meta.resolve('../../support/clock-offset.ts')

/** One replica is two hours ahead, one two hours behind, one is right; each webhook goes to any of them. */
export const wrongClocks: Scenario = {
  id: 'P18',
  promise: 'replicas whose clocks are hours off decide the same in the same order, and take no chat from one another',
  async run(stage) {
    const toFirst = { ...EVERY_NEW_CHAT, key: 'new', department: ORDERED[0] ?? 0 }
    const cluster = await startCluster(stage, { replicas: 0, rules: [toFirst, ...ORDER_RULES] })
    const { simulator, sql, replicas } = cluster
    addOrderedDepartments(simulator)
    const startAt = (offsetMs: number) =>
      cluster.start({ NODE_OPTIONS: `--import=${PRELOAD}`, CLOCK_OFFSET_MS: String(offsetMs) })
    const offsetsMs = [TWO_HOURS_MS, -TWO_HOURS_MS, 0].slice(0, stage.size(3, 2))
    replicas.push(...(await Promise.all(offsetsMs.map(startAt))))
    const sender = createSender(stage)
    const stories = await Promise.all(
      Array.from({ length: stage.size(300, 9) }, async (_, place) => {
        await sleep(place * stage.size(100, 40))
        return await liveThrough(stage, cluster, sender)
      }),
    )
    await drain(stage, sql)
    const judgements = stories.map((story) => judge(simulator, story))
    const overlapped = simulator.calls.all.filter((call) => call.overlapped)
    return [
      atLeast('clocks_off_h', countHoursBetween(replicas.map((replica) => replica.log())), 3.9),
      exactly('diverged', judgements.filter(({ hasDiverged }) => hasDiverged).length, 0),
      exactly('overrode_person', judgements.filter(({ override }) => override === 'told').length, 0),
      exactly('overlap', overlapped.length, 0),
    ]
  },
}

/** Between the clock that is furthest ahead and the one that is furthest behind, as their own logs tell it. */
function countHoursBetween(logs: readonly string[]): number {
  const times = logs.map((log) => Number(/"time":(\d+)/.exec(log)?.[1]))
  return (Math.max(...times) - Math.min(...times)) / 3_600_000
}
