import { test } from 'tap'
import type { Simulator } from '../../src/sandbox/simulator/simulator.ts'
import { createDatabase, query } from '../support/postgres.ts'
import { startReplica } from '../support/processes.ts'
import { rule, writeRules } from '../support/rules.ts'
import { settingsFor, startAccount, until } from '../support/service.ts'

const everyNewChat = rule({ conditions: { fact: 'event', operator: 'equal', value: 'chat.new' } })
/** So many calls a minute that the budget is not what this is about. */
const PLENTY = { HELPCRUNCH_REQUESTS_PER_MINUTE: '10000' }
const UNLIMITED = { rateLimitPerMinute: 100_000 }

/** Webhooks arrive over two seconds, and are tried again while nobody answers. */
const SPREAD_OUT = {
  webhookDelay: { minMs: 0, maxMs: 2_000 },
  webhookConcurrency: 300,
  backoffMs: Array(400).fill(300),
}

interface Books {
  readonly acked: number
  readonly decided: number
  readonly multiple: number
}

/** The ids of the new chats that were answered with 202. */
function acknowledged(simulator: Simulator): string[] {
  const newChats = simulator.webhooks.sent.filter(({ event }) => event === 'chat.new')
  return newChats.filter(({ tries }) => tries.some(({ status }) => status === 202)).map(({ id }) => id)
}

/** Compares what was acknowledged with what the database holds. */
async function balance(simulator: Simulator, databaseUrl: string): Promise<Books> {
  const acked = acknowledged(simulator)
  const [row] = await query<{ decided: number; multiple: number }>(
    databaseUrl,
    `SELECT count(*) FILTER (WHERE d.outcome NOT IN ('pending', 'failed'))::int AS decided,
       (SELECT count(*)::int FROM (SELECT event_seq FROM decisions GROUP BY 1 HAVING count(*) > 1) AS twice) AS multiple
     FROM webhook_events e JOIN decisions d ON d.event_seq = e.seq WHERE e.id = ANY ($1)`,
    [acked],
  )
  return { acked: acked.length, decided: row?.decided ?? 0, multiple: row?.multiple ?? 0 }
}

test('kill -9 in the middle of 300 webhooks loses none that was acknowledged', async (t) => {
  const simulator = await startAccount(t, { switches: { ...UNLIMITED, ...SPREAD_OUT } })
  const databaseUrl = await createDatabase(t)
  const env = { ...settingsFor(simulator, databaseUrl, await writeRules(t, [everyNewChat])), ...PLENTY }
  const first = await startReplica(t, env)
  simulator.webhooks.sendTo(`${first.url}/webhooks/helpcrunch`)
  for (let i = 0; i < 300; i++) simulator.openChat({ customerId: 9011 })
  await simulator.waitFor('the 100th acknowledgement', () => acknowledged(simulator).length >= 100)
  await first.kill()
  const ackedAtKill = acknowledged(simulator).length
  t.ok(ackedAtKill < 300, `killed after ${ackedAtKill} of 300`)

  const second = await startReplica(t, env)
  simulator.webhooks.sendTo(`${second.url}/webhooks/helpcrunch`)
  await simulator.webhooks.settled()
  await until('every acknowledged webhook is decided', async () => {
    const { acked, decided } = await balance(simulator, databaseUrl)
    return acked === decided
  })
  const { acked, decided, multiple } = await balance(simulator, databaseUrl)
  t.equal(decided, acked)
  t.equal(multiple, 0, 'one decision each')
  t.equal(
    [...simulator.chats.values()].filter(({ departmentId }) => departmentId === 10).length,
    300,
    'every chat arrived',
  )
  t.comment(
    `acked_at_kill=${ackedAtKill} acked=${acked} decided=${decided} lost=${acked - decided} multiple=${multiple}`,
  )
})

test("a killed worker's jobs are taken over by another within 15 s", async (t) => {
  const simulator = await startAccount(t, { switches: UNLIMITED })
  const databaseUrl = await createDatabase(t)
  const env = { ...settingsFor(simulator, databaseUrl, await writeRules(t, [everyNewChat])), ...PLENTY }
  const doomed = await startReplica(t, env)
  simulator.webhooks.sendTo(`${doomed.url}/webhooks/helpcrunch`)
  // Five jobs hang in their PUT when their process dies.
  const held = simulator.script({ method: 'PUT' }, [{ kind: 'hang' }], { forever: true })
  for (let i = 0; i < 5; i++) simulator.openChat({ customerId: 9011 })
  await simulator.waitFor('five calls under way', () => simulator.calls.departmentPuts().length === 5)
  await startReplica(t, env)
  held.clear()
  await doomed.kill()
  const killedAt = performance.now()
  const arrived = () => [...simulator.chats.values()].every(({ departmentId }) => departmentId === 10)
  await simulator.waitFor('every chat arrives', arrived)
  const takeoverMs = performance.now() - killedAt
  t.ok(takeoverMs <= 15_000, `${Math.round(takeoverMs)} ms`)
  await until('the records agree', async () => {
    const { acked, decided } = await balance(simulator, databaseUrl)
    return acked === 5 && decided === 5
  })
  t.comment(`takeover_s=${(takeoverMs / 1_000).toFixed(1)}`)
})

test('a call whose claim was taken over meanwhile settles nothing', async (t) => {
  const simulator = await startAccount(t)
  const databaseUrl = await createDatabase(t)
  const env = { ...settingsFor(simulator, databaseUrl, await writeRules(t, [everyNewChat])), ...PLENTY }
  const replica = await startReplica(t, env)
  simulator.webhooks.sendTo(`${replica.url}/webhooks/helpcrunch`)
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  simulator.script({ method: 'PUT' }, [{ kind: 'hold', until: released }])
  simulator.openChat({ customerId: 9011 })
  await simulator.waitFor('the call under way', () => simulator.calls.departmentPuts().length === 1)
  // Another worker claims the chat, as it would after this one fell silent: the fence is raised.
  await query(
    databaseUrl,
    `UPDATE chats SET fence = fence + 1, claimed_by = 'another', claimed_until = now() + interval '1 h'`,
  )
  await query(databaseUrl, `INSERT INTO workers (id, seen_at) VALUES ('another', now() + interval '1 h')`)
  release()
  await until('the reply is recorded', async () => {
    return (await query(databaseUrl, `SELECT FROM attempts WHERE status = 200`)).length === 1
  })
  const rows = await query(
    databaseUrl,
    `SELECT outcome, routed_department_id FROM decisions d JOIN chats c ON c.id = d.chat_id`,
  )
  t.strictSame(rows, [{ outcome: 'pending', routed_department_id: null }], 'nothing was written without the claim')
})
