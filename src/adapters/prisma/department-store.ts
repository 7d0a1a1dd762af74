import type { PrismaClient } from '../../generated/prisma/client.ts'
import type { DepartmentCache } from '../../services/list-departments.ts'
import { cleanText, msSince } from './sql.ts'

interface DepartmentRow {
  id: bigint
  name: string
  fetched_at: Date
  age_ms: number
}

/** HelpCrunch's departments, as last listed. How long ago that was goes by the database's clock: replicas share the list. */
export function createDepartmentStore(prisma: PrismaClient): DepartmentCache {
  return {
    async read() {
      const rows = await prisma.$queryRaw<DepartmentRow[]>`
        SELECT id, name, fetched_at, ${msSince('fetched_at')} AS age_ms FROM departments ORDER BY id`
      const [first] = rows
      if (first === undefined) return undefined
      const departments = rows.map(({ id, name }) => ({ id: Number(id), name }))
      return { departments, fetchedAt: first.fetched_at, ageMs: first.age_ms }
    },

    async replace(departments) {
      const ids = departments.map(({ id }) => BigInt(id))
      const names = departments.map(({ name }) => cleanText(name))
      // In the order of their ids, so that two listings at the same time wait for each other instead of locking up.
      const [row] = await prisma.$queryRaw<Pick<DepartmentRow, 'fetched_at'>[]>`
        WITH listed AS (
          INSERT INTO departments (id, name, fetched_at)
          SELECT id, name, now() FROM unnest(${ids}::bigint[], ${names}::text[]) AS t (id, name) ORDER BY id
          ON CONFLICT (id) DO UPDATE SET name = excluded.name, fetched_at = excluded.fetched_at
        ), gone AS (
          DELETE FROM departments WHERE id <> ALL (${ids}::bigint[])
        )
        SELECT now()::timestamptz(3) AS fetched_at`
      if (row === undefined) throw new Error('A SELECT without FROM has given no row.')
      return { departments, fetchedAt: row.fetched_at, ageMs: 0 }
    },
  }
}
