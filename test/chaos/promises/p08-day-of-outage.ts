import { DEFAULT_RETRY_POLICY, nextStep } from '../../../src/domain/retry-policy.ts'
import type { Statement } from '../../support/postgres.ts'
import { until } from '../../support/service.ts'
import { compareBooks, drain } from '../books.ts'
import { EVERY_NEW_CHAT, openChat, startPeers } from '../cluster.ts'
import { deliver } from '../deliver.ts'
import { helpcrunchFaults } from '../helpcrunch-faults.ts'
import { addOrderedDepartments, ORDER_RULES, ORDERED, orderTo } from '../orders.ts'
import { atLeast, atMost, exactly, type Scenario, told } from '../scenario.ts'
import { createSender } from '../sender.ts'

const EVENTS_PER_CHAT = 4
const HOURS_PER_STEP = 4
const HOUR_MS = 3_600_000

/** A day without HelpCrunch, a third of it in each way of being down. Time is shifted, not waited for. */
export const dayOfOutage: Scenario = {
  id: 'P8',
  promise: "a day of HelpCrunch's outage loses nothing, and recovery is one call for each chat",
  async run(stage) {
    const chats = stage.size(500, 6)
    const rules = [{ ...EVERY_NEW_CHAT, department: ORDERED[0] ?? 0 }, ...ORDER_RULES]
    const settings = { HELPCRUNCH_TIMEOUT_MS: '500', WORKER_CONCURRENCY: '20' }
    const cluster = await startPeers(stage, { replicas: 2, rules, settings })
    const { simulator, sql } = cluster
    addOrderedDepartments(simulator)
    const sender = createSender(stage)
    const opened = Array.from({ length: chats }, () => openChat(simulator))
    let hours = 0
    for (const [index, outage] of helpcrunchFaults(simulator).entries()) {
      await outage.begin()
      if (index === 0) for (const { envelope } of opened) await deliver(sender, cluster.url, envelope)
      const wanted = ORDERED[index + 1] ?? 0
      for (const { chatId } of opened) await deliver(sender, cluster.url, orderTo(wanted, chatId))
      for (let step = 0; step < stage.size(2, 1); step++) {
        await until('all have been tried again', () => isAllTried(sql))
        await shiftTime(sql, HOURS_PER_STEP)
        hours += HOURS_PER_STEP
      }
      await outage.end()
    }
    simulator.calls.forget()
    await shiftTime(sql, HOURS_PER_STEP)
    const drainS = await drain(stage, sql)
    const books = await compareBooks(sql, sender.acknowledged())
    const [given] = await sql<{ up: number }>("SELECT count(*)::int AS up FROM decisions WHERE outcome = 'failed'")
    const astray = opened.filter(({ chatId }) => simulator.chat(chatId).departmentId !== ORDERED[3])
    return [
      exactly('events', books.acked, chats * EVENTS_PER_CHAT),
      told('outage_h', hours),
      exactly('lost', books.lost + books.undecided, 0),
      exactly('gave_up', given?.up ?? -1, 0),
      exactly('astray', astray.length, 0),
      atMost('puts', simulator.calls.departmentPuts().length, chats),
      atLeast(
        'schedule_span_h',
        spanH(() => stage.random()),
        72,
      ),
      told('drain_s', Math.round(drainS)),
    ]
  },
}

/** Whether a call was made for each decision since the hours were last shifted. */
async function isAllTried(sql: Statement): Promise<boolean> {
  // What was under way just then has put itself off by its old clock: for it the hours pass now.
  await insist(
    sql,
    `UPDATE graphile_worker._private_jobs SET run_at = run_at - interval '${HOURS_PER_STEP} hours'
    WHERE locked_at IS NULL AND run_at > now() AND (payload ->> 'chatId')::bigint IN (SELECT chat_id FROM (${UNTRIED}) AS d)`,
  )
  return (
    (await sql(`SELECT chat_id FROM webhook_events WHERE status = 'waiting' UNION ALL ${UNTRIED} LIMIT 1`)).length === 0
  )
}

const UNTRIED = `SELECT chat_id FROM decisions d WHERE d.outcome = 'pending' AND NOT EXISTS (
  SELECT FROM attempts a WHERE a.event_seq = d.event_seq AND a.at > now() - interval '${HOURS_PER_STEP / 2} hours')`

/** Moves the past further away: everything that is compared with the clock was so many hours earlier. */
async function shiftTime(sql: Statement, hours: number): Promise<void> {
  for (const [table, columns] of Object.entries(TIMES)) {
    const changes = columns.map((column) => `${column} = ${column} - make_interval(hours => ${hours})`)
    await insist(sql, `UPDATE ${table} SET ${changes.join(', ')}`)
  }
}

/** The service locks the same rows in an order of its own: of two that wait for each other Postgres undoes one, maybe this. */
async function insist(sql: Statement, statement: string): Promise<void> {
  for (;;) {
    try {
      await sql(statement)
      return
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === DEADLOCK_DETECTED)) throw error
    }
  }
}

const DEADLOCK_DETECTED = '40P01'

const TIMES: Readonly<Record<string, readonly string[]>> = {
  'graphile_worker._private_jobs': ['run_at'],
  webhook_events: ['happened_at', 'received_at', 'finished_at'],
  chats: ['tried_since', 'state_seen_at', 'routed_at'],
  decisions: ['happened_at', 'received_at', 'decided_at', 'applied_at'],
  attempts: ['at'],
  budget_slots: ['used_at'],
}

const NO_RESPONSE = { kind: 'no_response', reason: 'timeout', message: '' } as const

/** From the first try to the last of a call that never succeeds. */
function spanH(random: () => number): number {
  let elapsedMs = 0
  for (let tries = 1; ; tries++) {
    const step = nextStep(DEFAULT_RETRY_POLICY, tries, elapsedMs, random, NO_RESPONSE)
    if (step.kind === 'give_up') return elapsedMs / HOUR_MS
    elapsedMs += step.delayMs
  }
}
