import { atLeast, exactly, type Scenario } from '../scenario.ts'
import { sendWhileKilling } from '../send-while-killing.ts'

/** Whatever dies, and whenever: an answer with 202 came after the commit of the event and of its job. */
export const durableAck: Scenario = {
  id: 'P1',
  promise: 'what was answered with 202 survives a kill of the service or of its database, and has a job',
  async run(stage) {
    const acksMin = stage.size(3_000, 60)
    const kills = stage.size(20, 2)
    const { books, replicaKills, databaseKills, withoutJob } = await sendWhileKilling(stage, { acksMin, kills })
    return [
      atLeast('acked', books.acked, acksMin),
      exactly('kills', replicaKills + databaseKills, kills),
      exactly('lost', books.lost, 0),
      exactly('without_job', withoutJob, 0),
    ]
  },
}
