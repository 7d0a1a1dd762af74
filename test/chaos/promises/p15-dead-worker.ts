import { until } from '../../support/service.ts'
import { drain } from '../books.ts'
import { openChat, startCluster } from '../cluster.ts'
import { deliver } from '../deliver.ts'
import { atMost, exactly, type Scenario } from '../scenario.ts'
import { createSender } from '../sender.ts'

const TAKEOVER_S_MAX = 15
/** As many as a replica works on at the same time. */
const CHATS = { full: 5, quick: 3 }

/** A worker that dies says nothing: only its silence tells that its chats and its jobs are free. */
export const deadWorker: Scenario = {
  id: 'P15',
  promise: 'the chats of a killed worker go on within 15 s',
  async run(stage) {
    const kills = stage.size(5, 1)
    const cluster = await startCluster(stage, { replicas: 1 })
    const { simulator, sql } = cluster
    const sender = createSender(stage)
    const takeoversS: number[] = []
    for (let kill = 0; kill < kills; kill++) {
      const victim = cluster.replicas[kill]
      const chats = Array.from({ length: stage.size(CHATS.full, CHATS.quick) }, () => openChat(simulator))
      for (const { chatId } of chats) simulator.script({ method: 'PUT', chatId }, [{ kind: 'hang' }])
      await Promise.all(chats.map(({ envelope }) => deliver(sender, () => victim?.url ?? '', envelope)))
      await simulator.waitFor('every chat to be in the middle of its move', () =>
        chats.every(({ chatId }) => simulator.calls.departmentPuts(chatId).length === 1),
      )
      // Only now, so that the victim has got all of the work.
      cluster.replicas.push(await cluster.start())
      await victim?.kill()
      const killedAt = performance.now()
      await until('the chats of the dead have moved', () =>
        chats.every(({ chatId }) => simulator.chat(chatId).departmentId === 10),
      )
      takeoversS.push((performance.now() - killedAt) / 1_000)
    }
    await drain(stage, sql)
    const chats = [...simulator.chats.values()]
    return [
      exactly('kills', kills, takeoversS.length),
      exactly('left_behind', chats.filter(({ departmentId }) => departmentId !== 10).length, 0),
      atMost('takeover_s', Math.max(...takeoversS), TAKEOVER_S_MAX),
    ]
  },
}
