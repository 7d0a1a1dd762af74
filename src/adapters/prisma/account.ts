import type { PrismaClient } from '../../generated/prisma/client.ts'

/** Gives the account's budget as many slots as calls a minute are allowed. */
export async function setBudget(prisma: PrismaClient, requestsPerMinute: number): Promise<void> {
  await prisma.$executeRaw`
    INSERT INTO budget_slots (slot) SELECT generate_series(1, ${requestsPerMinute}::int) ON CONFLICT (slot) DO NOTHING`
  await prisma.budgetSlot.deleteMany({ where: { slot: { gt: requestsPerMinute } } })
}

/** A call of a time to come was made while the clock of Postgres was ahead. It counts as made now: its slot is free again in a minute. */
export async function correctUses(prisma: PrismaClient): Promise<void> {
  await prisma.$executeRaw`
    UPDATE budget_slots SET used_at = clock_timestamp()
    WHERE slot IN (SELECT slot FROM budget_slots WHERE used_at > clock_timestamp() FOR UPDATE SKIP LOCKED)`
}
