import { setTimeout as sleep } from 'node:timers/promises'
import { drain } from '../books.ts'
import { EVERY_NEW_CHAT, startPeers } from '../cluster.ts'
import { addOrderedDepartments, ORDER_RULES, ORDERED } from '../orders.ts'
import { atMost, exactly, type Scenario, told } from '../scenario.ts'
import { createSender, percentile } from '../sender.ts'
import { judge, liveThrough } from '../stories.ts'

const WINDOW_P99_MS_MAX = 300

/** Webhooks arrive in any order, and HelpCrunch has none for an agent's move, nor an If-Match for ours. */
export const newestWins: Scenario = {
  id: 'P6',
  promise: "a stale event never overrides a newer one, and a person's choice wins",
  async run(stage) {
    const toFirst = { ...EVERY_NEW_CHAT, key: 'new', department: ORDERED[0] ?? 0 }
    const cluster = await startPeers(stage, { replicas: 2, rules: [toFirst, ...ORDER_RULES] })
    const { simulator, sql } = cluster
    addOrderedDepartments(simulator)
    const sender = createSender(stage)
    const stories = await Promise.all(
      Array.from({ length: stage.size(1_000, 15) }, async (_, place) => {
        await sleep(place * stage.size(100, 40))
        return await liveThrough(stage, cluster, sender)
      }),
    )
    await drain(stage, sql)
    const judgements = stories.map((story) => judge(simulator, story))
    const count = (override: string) => judgements.filter((judgement) => judgement.override === override).length
    const windowMs = percentile(
      judgements.flatMap(({ windowsMs }) => windowsMs),
      0.99,
    )
    const diverged = stories.filter((_, place) => judgements[place]?.hasDiverged)
    const found = diverged.map(
      (story) => ` ${JSON.stringify({ ...story, isIn: simulator.chat(story.chatId).departmentId })}`,
    )
    return [
      exactly('diverged', `${diverged.length}/${stories.length}${found.join('')}`, `0/${stories.length}`),
      exactly('overrode_person', count('told'), 0),
      told('in_window', count('window')),
      told('unseen', count('unseen')),
      stage.isQuick ? told('window_p99_ms', windowMs) : atMost('window_p99_ms', windowMs, WINDOW_P99_MS_MAX),
    ]
  },
}
