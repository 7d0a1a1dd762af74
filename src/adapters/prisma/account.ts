import type { PrismaClient } from '../../generated/prisma/client.ts'

/** Gives the account's budget as many slots as calls a minute are allowed. */
export async function setBudget(prisma: PrismaClient, requestsPerMinute: number): Promise<void> {
  await prisma.$executeRaw`
    INSERT INTO budget_slots (slot) SELECT generate_series(1, ${requestsPerMinute}::int) ON CONFLICT (slot) DO NOTHING`
  await prisma.budgetSlot.deleteMany({ where: { slot: { gt: requestsPerMinute } } })
}
