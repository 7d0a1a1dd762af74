import type { PrismaClient } from '../../generated/prisma/client.ts'
import type { RulesetHead } from '../../services/simulate-routing.ts'
import type { Query } from './query.ts'

/** Which rule set is in force. */
export function createRulesetHead(prisma: PrismaClient): RulesetHead {
  return { current: () => prisma.rulesetHead.findFirstOrThrow() }
}

export interface RuleCount {
  readonly rules: number
  readonly rulesetVersion: number
}

/** The size of the set in force, drafts included; compiling the set at a start would take memory before anything is decided. */
export async function countRules(query: Query): Promise<RuleCount> {
  const [row] = await query<RuleCount>`
    SELECT version AS "rulesetVersion", (SELECT count(*)::int FROM rule_versions WHERE live_to IS NULL) AS rules FROM ruleset_head`
  if (row === undefined) throw new Error('The table ruleset_head has no row.')
  return row
}
