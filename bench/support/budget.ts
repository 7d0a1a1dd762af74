import { query } from '../../test/support/postgres.ts'

/** More calls a minute than a round of a bench needs, for HELPCRUNCH_REQUESTS_PER_MINUTE; between rounds all are given back. */
export const AMPLE_BUDGET = 10_000

/** Makes every call of the account's budget free again. */
export async function giveBudgetBack(databaseUrl: string): Promise<void> {
  await query(databaseUrl, "UPDATE budget_slots SET used_at = 'epoch'")
  await query(databaseUrl, 'VACUUM budget_slots') // so many dead rows in one moment are ours alone
}
