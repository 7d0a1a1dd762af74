import DataLoader from 'dataloader'
import type pg from 'pg'

/** One statement for all that wait at the same moment: `$1` is their rows as JSON, `id` tells whose a row of the answer is. */
export function shared<In extends { readonly id: string }, Out = undefined>(
  pool: pg.Pool,
  name: string,
  text: string,
): (row: In) => Promise<Out> {
  const write = async (rows: readonly In[]) => {
    const answer = await pool.query({ name, text, values: [JSON.stringify(rows)] })
    const byId = new Map(answer.rows.map((row) => [String(row.id), row as Out]))
    return rows.map(({ id }) => byId.get(id) as Out)
  }
  const loader = new DataLoader(write, {
    cache: false,
    maxBatchSize: 50,
    batchScheduleFn: (dispatch) => setImmediate(dispatch),
  })
  return (row) => loader.load(row)
}
