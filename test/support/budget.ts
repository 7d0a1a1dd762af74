import { type Service, until } from './service.ts'

/** As if a minute had passed: every call made so far leaves the window. */
export const A_MINUTE_LATER = `UPDATE budget_slots SET used_at = used_at - interval '61 s'`

/** Else the next minute would begin between a look and its move, and take away what the look has set aside. */
export async function rest({ sql }: Pick<Service, 'sql'>): Promise<void> {
  await until('nobody works', async () => {
    return (await sql('SELECT FROM graphile_worker.jobs WHERE locked_at IS NOT NULL')).length === 0
  })
}
