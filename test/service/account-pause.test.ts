import { test } from 'tap'
import { createCallLedger } from '../../src/adapters/prisma/call-ledger.ts'
import { openDatabase } from '../../src/adapters/prisma/database.ts'
import { createSharing } from '../../src/adapters/prisma/share-statement.ts'
import type { AccountEffect, CallPurpose, OpenCall } from '../../src/services/call-ledger.ts'
import { createDatabase, openConnection } from '../support/postgres.ts'
import type { Scope } from '../support/scope.ts'

const THROTTLED = { kind: 'pause', reason: 'throttled', forMs: undefined } as const
const PAUSED = `SELECT strikes, round(extract(epoch FROM paused_until - now()))::int AS s FROM helpcrunch_account`
const PAUSE_IS_OVER = `UPDATE helpcrunch_account SET paused_until = now() - interval '1 s'`

/** The ledger of an account with a budget of five calls a minute, and calls for no chat to put on it. */
async function openLedger(t: Scope) {
  const url = await createDatabase(t)
  const sql = await openConnection(t, url)
  await sql('INSERT INTO budget_slots (slot) SELECT generate_series(1, 5)')
  const database = openDatabase({ url, connections: 2, onLostConnection: () => {} })
  t.teardown(() => database.close())
  const ledger = createCallLedger(database.query, createSharing())
  const open = (purpose: CallPurpose = { kind: 'look_up' }) =>
    ledger.open(purpose, { method: 'GET', path: '/departments' })
  const opened = async (): Promise<OpenCall> => {
    const opening = await open()
    if (opening.kind !== 'opened') throw new Error(`The call was not opened: ${opening.kind}`)
    return opening.call
  }
  const close = (call: OpenCall, effect: AccountEffect) => {
    const result = { kind: 'response', status: 429, body: '' } as const
    return ledger.close({ call, ending: { result, durationMs: 1, problem: undefined, effect }, followUp: undefined })
  }
  return { sql, open, opened, close }
}

test('calls that were under way together are one strike, and the longest of their pauses holds', async (t) => {
  const { sql, opened, close } = await openLedger(t)
  const [first, second, third] = [await opened(), await opened(), await opened()]
  await close(first, { ...THROTTLED, forMs: 30_000 })
  await close(second, { ...THROTTLED, forMs: 50_000 })
  await close(third, THROTTLED)
  t.match(await sql(PAUSED), [{ strikes: 1, s: 50 }])
})

test('the one call after a pause prolongs it by its reply, be that shorter than it waited for', async (t) => {
  const { sql, open, opened, close } = await openLedger(t)
  await close(await opened(), THROTTLED)
  await sql(PAUSE_IS_OVER)
  const probe = await opened()
  t.match(probe, { isProbe: true })
  t.match(await open(), { kind: 'no_budget' }, 'it goes alone')
  await close(probe, THROTTLED)
  t.match(await sql(PAUSED), [{ strikes: 2, s: 10 }])
})

test('a pause that is over goes on for nobody who gets no call', async (t) => {
  const { sql, open } = await openLedger(t)
  await sql(PAUSE_IS_OVER)
  await sql('UPDATE budget_slots SET used_at = now()')
  t.match(await open(), { kind: 'no_budget' })
  await sql(`UPDATE budget_slots SET used_at = 'epoch'`)
  t.match(await open(), { kind: 'opened', call: { isProbe: true } })
})
