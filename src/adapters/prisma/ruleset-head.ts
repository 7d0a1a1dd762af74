import type { PrismaClient } from '../../generated/prisma/client.ts'
import type { RulesetHead } from '../../services/simulate-routing.ts'

/** Which rule set is in force. */
export function createRulesetHead(prisma: PrismaClient): RulesetHead {
  return { currentVersion: async () => (await prisma.rulesetHead.findFirstOrThrow()).version }
}
