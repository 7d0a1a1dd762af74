import { setTimeout as sleep } from 'node:timers/promises'
import { query } from '../../support/postgres.ts'
import { type Replica, startReplica } from '../../support/processes.ts'
import { rule, writeRules } from '../../support/rules.ts'
import { settingsFor, startAccount, until } from '../../support/service.ts'
import { envelope } from '../../support/webhooks.ts'
import { type OwnPostgres, startOwnPostgres } from '../own-postgres.ts'
import { atLeast, atMost, exactly, type Scenario } from '../scenario.ts'
import { createSender } from '../sender.ts'

const DRAIN_S_MAX = 60
const everyNewChat = rule({ conditions: { fact: 'event', operator: 'equal', value: 'chat.new' } })

/** P1 and P2: senders that never stop, while replicas and the database are killed at random moments. */
export const durableAck: Scenario = {
  id: 'P1',
  promise: 'what was answered with 202 survives a kill of the service or of its database, and is decided once',
  async run(stage) {
    const { random } = stage
    const acksMin = stage.size(3_000, 60)
    const kills = stage.size(20, 2)
    const postgres = await startOwnPostgres(stage)
    const simulator = await startAccount(stage, { switches: { rateLimitPerMinute: 100_000 } })
    const rulesDir = await writeRules(stage, [everyNewChat])
    const env = { ...settingsFor(simulator, postgres.url, rulesDir), HELPCRUNCH_REQUESTS_PER_MINUTE: '10000' }
    const replicas = [await startReplica(stage, env), await startReplica(stage, env)]
    const sender = createSender(stage)
    let isKilling = true
    const sending = sender.stream(stage.size(60, 30), () => {
      if (!isKilling && sender.acknowledged().length >= acksMin) return undefined
      const { id: chatId } = simulator.openChat({ customerId: 9011 })
      const url = replicas[Math.floor(random() * replicas.length)]?.url ?? ''
      const state = { chat_id: chatId, customer: { id: 9011 }, status: 'new', department: null, assignee: null }
      return { url, envelope: envelope({ eventData: state }) }
    })
    for (let kill = 0; kill < kills; kill++) {
      await sleep(stage.size(1_000, 300) * (0.5 + random()))
      if (random() < 1 / 3) await killDatabase(postgres)
      else {
        const index = Math.floor(random() * replicas.length)
        await replicas[index]?.kill()
        replicas[index] = await startAgain(stage, env)
      }
    }
    isKilling = false
    await sending
    const drainedAt = performance.now()
    const acked = sender.acknowledged()
    await until('every acknowledged event is decided', async () => (await undecided(postgres.url)) === 0)
    const drainS = (performance.now() - drainedAt) / 1_000
    const [books] = await query<{ stored: number; decided: number; multiple: number }>(
      postgres.url,
      `SELECT count(DISTINCT e.seq)::int AS stored, count(DISTINCT d.event_seq)::int AS decided,
        (count(d.id) - count(DISTINCT d.event_seq))::int AS multiple
      FROM webhook_events e LEFT JOIN decisions d ON d.event_seq = e.seq WHERE e.id = ANY ($1)`,
      [acked],
    )
    const { stored = 0, decided = 0, multiple = 0 } = books ?? {}
    return [
      atLeast('acked', acked.length, acksMin),
      exactly('kills', kills, kills),
      exactly('lost', acked.length - stored, 0),
      exactly('undecided', acked.length - decided, 0),
      exactly('multiple', multiple, 0),
      atMost('drain_s', drainS, DRAIN_S_MAX),
    ]
  },
}

async function killDatabase(postgres: OwnPostgres): Promise<void> {
  postgres.kill()
  await postgres.restart()
}

/** A replica that starts while the database is away ends with a message; its supervisor would start it again. */
async function startAgain(stage: Parameters<typeof startReplica>[0], env: Record<string, string>): Promise<Replica> {
  for (let tries = 0; ; tries++) {
    try {
      return await startReplica(stage, env)
    } catch (error) {
      if (tries === 5) throw error
      await sleep(500)
    }
  }
}

/** Events that still wait, decisions that are not final. */
async function undecided(databaseUrl: string): Promise<number> {
  const [row] = await query<{ open: number }>(
    databaseUrl,
    `SELECT ((SELECT count(*) FROM webhook_events WHERE status = 'waiting')
      + (SELECT count(*) FROM decisions WHERE outcome = 'pending'))::int AS open`,
  )
  return row?.open ?? Number.NaN
}
