import type { RuleWarning, Witness } from '../../src/domain/analysis/rule-warning.ts'
import { findWinner } from '../../src/domain/find-winner.ts'
import type { RuleDocument } from '../../src/domain/rule.ts'
import { readSimulationRequest } from '../../src/domain/simulation-request.ts'
import { withoutPointers } from './analysis-laws.ts'
import { buildRuleset } from './rule-builder.ts'

/** What is wrong with a warning's witness, as the real engine sees it; undefined when it shows what the warning says. */
export async function witnessProblem(
  rules: readonly RuleDocument[],
  warning: RuleWarning,
): Promise<string | undefined> {
  const { witness } = warning
  if (witness === null) return undefined
  const document = rules.find(({ key }) => key === warning.rule)
  if (document === undefined) return 'is about no rule of the set'
  const { event, at, facts } = witness
  const simulation = readSimulationRequest({ event, facts, ...(at !== null && { at }) })
  if (simulation.kind === 'invalid') return `cannot be simulated: ${JSON.stringify(simulation.problems)}`
  const matches = (rule: RuleDocument) => isMatched(rule, witness)
  switch (warning.code) {
    case 'never_matches':
      return (await matches(document)) ? 'matches' : undefined
    case 'never_reached':
    case 'order_decides':
      return placeProblem(rules, document, warning, witness)
    case 'redundant_condition': {
      const conditions = withoutPointers(document.conditions, new Set([warning.pointer]))
      const both = (await matches(document)) && (await matches({ ...document, conditions }))
      return both ? undefined : 'does not match with and without the condition'
    }
    default:
      return (await matches(document)) ? undefined : 'does not match'
  }
}

async function placeProblem(
  rules: readonly RuleDocument[],
  document: RuleDocument,
  { code, others }: RuleWarning,
  witness: Witness,
): Promise<string | undefined> {
  if (!(await isMatched(document, witness))) return 'does not match the rule'
  const enabled = rules.filter(({ status, key }) => status === 'enabled' || key === document.key)
  const winner = await winnerOf(enabled, witness)
  if (code === 'never_reached') return winner === document.key ? 'goes to the rule' : undefined
  if (winner !== document.key) return `goes to ${winner}`
  const first = rules.find(({ key }) => key === others[0])
  return first !== undefined && (await isMatched(first, witness)) ? undefined : 'does not match the other rule'
}

async function isMatched(rule: RuleDocument, witness: Witness): Promise<boolean> {
  return (await winnerOf([rule], witness)) === rule.key
}

/** Who would win if all of the rules were enabled. Where no schedule matters, the moment must not matter either. */
async function winnerOf(rules: readonly RuleDocument[], { event, at, facts }: Witness): Promise<string | undefined> {
  const ruleset = buildRuleset(...rules.map((rule): RuleDocument => ({ ...rule, status: 'enabled' })))
  const routingCase = { eventType: event, at: new Date(at ?? '2026-03-02T09:00:00Z'), facts }
  const found = await findWinner(ruleset, routingCase, new Set())
  return found.kind === 'settled' ? found.winner?.rule.document.key : undefined
}
