import type { PrismaClient } from '../../generated/prisma/client.ts'
import type { DepartmentCache } from '../../services/list-departments.ts'
import { cleanText } from './sql.ts'

/** HelpCrunch's departments, as last listed. */
export function createDepartmentStore(prisma: PrismaClient): DepartmentCache {
  return {
    async read() {
      const rows = await prisma.department.findMany({ orderBy: { id: 'asc' } })
      const [first] = rows
      if (first === undefined) return undefined
      const departments = rows.map(({ id, name }) => ({ id: Number(id), name }))
      return { departments, fetchedAt: first.fetchedAt, ageMs: Date.now() - first.fetchedAt.getTime() }
    },

    async replace(departments) {
      const fetchedAt = new Date()
      const ids = departments.map(({ id }) => BigInt(id))
      const names = departments.map(({ name }) => cleanText(name))
      // In the order of their ids, so that two listings at the same time wait for each other instead of locking up.
      await prisma.$executeRaw`
        WITH listed AS (
          INSERT INTO departments (id, name, fetched_at)
          SELECT id, name, ${fetchedAt} FROM unnest(${ids}::bigint[], ${names}::text[]) AS t (id, name) ORDER BY id
          ON CONFLICT (id) DO UPDATE SET name = excluded.name, fetched_at = excluded.fetched_at
        )
        DELETE FROM departments WHERE id <> ALL (${ids}::bigint[])`
      return { departments, fetchedAt, ageMs: 0 }
    },
  }
}
