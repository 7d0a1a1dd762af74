import type { TSchema } from 'typebox'
import { Conditions } from '../../domain/conditions.ts'
import { ConditionExplanation, RuleExplanation } from '../../domain/explanation.ts'
import { RuleDocument, RuleTest } from '../../domain/rule.ts'
import { RuleNotice } from '../../domain/rule-notice.ts'
import { Attempt, Decision, Event, ExplainedDecision, WholeEvent } from './decisions.ts'
import { AuditEntry, Erasure, IssuedToken, Token } from './people.ts'
import { Rule, RuleCheck, RuleOrder, RulesReplacement, RuleVersion } from './rules.ts'
import { Department, Fact, Readiness, Stats } from './service.ts'
import { Backtest, Simulation } from './trials.ts'

/** Every schema that the reference knows by name; `Type.Ref` with that name stands for it. */
export const COMPONENTS: Readonly<Record<string, TSchema>> = {
  RuleDocument,
  Conditions,
  Rule,
  RuleVersion,
  RuleOrder,
  RulesReplacement,
  RuleCheck,
  RuleTest,
  RuleWarning: RuleNotice,
  Facts: RuleTest.properties.facts,
  Simulation,
  Backtest,
  Decision,
  ExplainedDecision,
  RuleExplanation,
  ConditionExplanation,
  Attempt,
  Event,
  WholeEvent,
  Department,
  Fact,
  Token,
  IssuedToken,
  AuditEntry,
  Erasure,
  Stats,
  Readiness,
}
