import { rest } from './budget.ts'
import { rule } from './rules.ts'
import type { Scope } from './scope.ts'
import { type Service, startService, until } from './service.ts'

/** Needs no look-up: its first call is the move. */
export const everyNewChat = rule({ conditions: { fact: 'event', operator: 'equal', value: 'chat.new' } })
/** Its chats go first. */
const important = rule({
  key: 'important',
  priority: 900,
  conditions: { fact: 'application', operator: 'equal', value: 900 },
})
/** A script for calls that are forbidden. */
export const FORBIDDEN = [{ kind: 'status', status: 403 }] as const
/** So that a chat is looked at before it is moved. */
export const LONG_SEEN = "UPDATE chats SET state_seen_at = state_seen_at - interval '61 s'"
/** Time is shifted, not waited for: all pauses are over, and what was put off is due. */
const TIME_HAS_PASSED = [
  LONG_SEEN,
  'UPDATE helpcrunch_account SET paused_until = now() WHERE paused_until IS NOT NULL',
  'UPDATE graphile_worker._private_jobs SET run_at = now() WHERE locked_at IS NULL',
]

/** The pause is over, and for the queue as much time has passed. */
export const PAUSE_IS_OVER = `WITH passed AS (
    UPDATE helpcrunch_account a SET paused_until = now() FROM helpcrunch_account before
    WHERE before.id = a.id AND before.paused_until > now() RETURNING before.paused_until - now() AS time
  ) UPDATE graphile_worker._private_jobs SET run_at = run_at - time FROM passed WHERE locked_at IS NULL`

/** Lets time pass until the service is where it is said to come to. */
export async function untilLater({ sql }: Service, what: string, isSo: () => Promise<boolean>): Promise<void> {
  await until(what, async () => {
    for (const statement of TIME_HAS_PASSED) await sql(statement)
    return isSo()
  })
}

/** How many chats were moved. */
export const moved = async ({ get }: Service) => (await get('/v1/decisions?outcome=applied&limit=100')).body.data.length

/** The failed tries of a chat. */
export const triesOf = async ({ sql }: Service, id: number) => {
  const [row] = await sql<{ tries: number }>('SELECT tries FROM chats WHERE id = $1', [id])
  return row?.tries ?? 0
}

/** Whether all calls are paused, or wait for the one that shows whether the pause is over. */
export const isPaused = async ({ sql }: Service) =>
  (await sql('SELECT FROM helpcrunch_account WHERE paused_until IS NOT NULL')).length > 0

/** Waits until all calls are paused for a while, with this many refusals in a row, and nobody works. */
export async function untilPaused(service: Service, strikes: number): Promise<void> {
  const paused = "SELECT FROM helpcrunch_account WHERE strikes >= $1 AND paused_until > now() + interval '2 s'"
  await until('all calls are paused', async () => {
    if ((await service.sql(paused, [strikes])).length === 0) return false
    await rest(service)
    return (await service.sql(paused, [strikes])).length > 0
  })
}

/** Opens chats while all calls are paused, and waits until their moves wait for the end of the pause. */
export async function openBehindPause(service: Service, count: number): Promise<number[]> {
  const ids = Array.from({ length: count }, () => service.simulator.openChat({ customerId: 9011 }).id)
  const waiting =
    "SELECT FROM graphile_worker._private_jobs WHERE key = ANY ($1) AND locked_at IS NULL AND flags::jsonb ? 'move'"
  const keys = ids.map((id) => `apply:${id}`)
  await until('they wait', async () => (await service.sql(waiting, [keys])).length === count)
  await service.sql(LONG_SEEN)
  return ids
}

/** A chat of an important rule that HelpCrunch forbids to look at and to move. */
export function openForbidden({ simulator }: Service): number {
  const { id } = simulator.openChat({ customerId: 9011, applicationId: 900 })
  simulator.script({ chatId: id }, [...FORBIDDEN], { forever: true })
  return id
}

/** Ends the pause, and gives the chat of the first call after it. */
export async function firstAfterPause({ simulator, sql }: Service): Promise<number | undefined> {
  const { calls } = simulator
  const before = calls.all.length
  await sql(PAUSE_IS_OVER)
  await simulator.waitFor('a call', () => calls.all.length > before)
  return calls.all[before]?.chatId
}

/** A service that works on one chat at a time, the important ones first. */
export const startOneByOne = (t: Scope) =>
  startService(t, { rules: [important, everyNewChat], settings: { WORKER_CONCURRENCY: '1' } })
