import type { PrismaClient } from '../../generated/prisma/client.ts'
import type { DepartmentCache } from '../../services/list-departments.ts'

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
      const data = departments.map(({ id, name }) => ({ id: BigInt(id), name, fetchedAt }))
      await prisma.$transaction([prisma.department.deleteMany(), prisma.department.createMany({ data })])
      return { departments, fetchedAt, ageMs: 0 }
    },
  }
}
