import { setTimeout as sleep } from 'node:timers/promises'
import { apiOf } from '../../support/api.ts'
import { EDITED_RULES, editRules, findTornSets, measureLags, notesOf } from '../../support/rule-edits.ts'
import { until } from '../../support/service.ts'
import { type Peers, startPeers } from '../cluster.ts'
import { atLeast, atMost, exactly, type Scenario, type Stage, told } from '../scenario.ts'
import { percentile } from '../sender.ts'

const CHATS_PER_SECOND = 50
const CONVERGE_MS_MAX = 1_000

/** P20: two people edit the rules at two replicas while chats arrive at a third. */
export const atomicRules: Scenario = {
  id: 'P20',
  promise: 'a change of rules counts at once, whole and everywhere, and no edit is lost',
  async run(stage) {
    const edits = stage.size(250, 10)
    const cluster = await startEditedCluster(stage, stage.size(3, 2))
    const { databaseUrl, sql } = cluster
    const [first, second] = cluster.replicas
    if (first === undefined || second === undefined) throw new Error('There are not two replicas.')
    const stopLoad = loadWithChats(cluster)
    const repeats = await Promise.all([editRules(first, 'a', edits), editRules(second, 'b', edits)])
    await stopLoad()
    await decided(cluster)
    const { body } = await apiOf(first).send('GET', '/v1/rules/notes')
    const notes: string[] = body.description.trim().split(' ')
    const expected = [...notesOf('a', edits), ...notesOf('b', edits)]
    const lost = expected.filter((note) => notes.filter((other) => other === note).length !== 1)
    const [made] = await sql<{ decisions: number }>('SELECT count(*)::int AS decisions FROM decisions')
    return [
      exactly('edits', edits * 2, edits * 2),
      told(
        'repeated',
        repeats.reduce((sum, count) => sum + count),
      ),
      atLeast('decisions', made?.decisions ?? 0, 10),
      exactly('torn', (await findTornSets(databaseUrl)).length, 0),
      exactly('lost_edits', lost.length, 0),
      atMost('converge_p99_ms', percentile(await measureLags(databaseUrl), 0.99), stage.size(CONVERGE_MS_MAX, 20_000)),
    ]
  },
}

/** Replicas that only decide: no call of the account's budget is needed for that. */
export function startEditedCluster(stage: Stage, replicas: number): Promise<Peers> {
  return startPeers(stage, {
    replicas,
    rules: EDITED_RULES,
    settings: { ROUTER_MODE: 'shadow' },
    simulator: { switches: { webhookTimeoutMs: 30_000 } },
  })
}

/** Opens chats, spread over the replicas, until the function it gives is called. */
function loadWithChats({ simulator, replicas }: Peers): () => Promise<void> {
  simulator.webhooks.sendTo(replicas.map(({ url }) => `${url}/webhooks/helpcrunch`))
  let isLoading = true
  const loading = (async () => {
    while (isLoading) {
      simulator.openChat({ customerId: 9011 })
      await sleep(1_000 / CHATS_PER_SECOND)
    }
  })()
  return async () => {
    isLoading = false
    await loading
  }
}

/** Waits until every chat has its decision. */
export async function decided({ simulator, sql }: Pick<Peers, 'simulator' | 'sql'>): Promise<void> {
  await simulator.webhooks.settled()
  await until('every chat is decided', async () => {
    return (await sql("SELECT FROM webhook_events WHERE status = 'waiting' LIMIT 1")).length === 0
  })
}
