import { Type } from 'typebox'
import { Check } from 'typebox/value'
import type { BacktestReport } from '../domain/backtest.ts'
import type { RuleDocument } from '../domain/rule.ts'
import { CommandError } from './command-error.ts'
import type { Change } from './plan-changes.ts'
import type { RouterClient } from './router-client.ts'

/** What a plan would have changed for recent chats. */
export interface Effect extends BacktestReport {
  /** How many the rules in force now would move, too: those whose decision is older than the last change, or the default department. */
  readonly movedByRulesInForce: number
}

/** Lets the service try the planned changes on its newest decisions. Throws a `CommandError` when it cannot. */
export async function measureEffect(client: RouterClient, changes: readonly Change[], limit: number): Promise<Effect> {
  const report = await backtest(client, changes.map(planned), limit)
  if (report.decisions === 0) return { ...report, movedByRulesInForce: 0 }
  const { moved } = await backtest(client, changes.map(inForce), limit)
  return { ...report, movedByRulesInForce: moved }
}

function planned(change: Change): RuleDocument {
  return change.kind === 'remove' ? { ...change.stored.document, status: 'disabled' } : withoutDraft(change.rule)
}

function inForce(change: Change): RuleDocument {
  return change.kind === 'create' ? { ...change.rule, status: 'disabled' } : withoutDraft(change.stored.document)
}

/** A backtest tries drafts as if they were enabled, and applying leaves them drafts. */
function withoutDraft(rule: RuleDocument): RuleDocument {
  return rule.status === 'draft' ? { ...rule, status: 'disabled' } : rule
}

const Department = Type.Union([Type.Integer(), Type.Null()])
const Choice = Type.Object({ rule: Type.Union([Type.String(), Type.Null()]), department: Department })
const Counts = Type.Object({
  decisions: Type.Integer(),
  moved: Type.Integer(),
  unknown: Type.Integer(),
  missing: Type.Array(Type.Object({ fact: Type.String(), count: Type.Integer() })),
  transitions: Type.Array(Type.Object({ from: Department, to: Department, count: Type.Integer() })),
  byRule: Type.Array(
    Type.Object({
      rule: Type.String(),
      matched: Type.Integer(),
      wonBefore: Type.Integer(),
      wonNow: Type.Integer(),
      gained: Type.Integer(),
      lost: Type.Integer(),
      unknown: Type.Integer(),
    }),
  ),
  samples: Type.Array(Type.Object({ decisionId: Type.String(), chatId: Type.Integer(), from: Choice, to: Choice })),
})

/** The service takes each rule for the stored one of the same key. */
async function backtest(client: RouterClient, rules: readonly RuleDocument[], limit: number): Promise<BacktestReport> {
  const report = await client.compute('/v1/backtests', { rules, limit })
  if (!Check(Counts, report)) throw new CommandError('The backtest was not answered as this version expects it.')
  return report
}
