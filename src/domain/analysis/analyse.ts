import type { RuleDocument } from '../rule.ts'
import { warnUnknownDepartment } from './check-department.ts'
import { canMatch, warnAlwaysMatches, warnNeverMatches } from './check-matching.ts'
import { warnOrderDecides } from './check-order.ts'
import { createFindCover, type FindCover, warnNeverReached } from './check-reach.ts'
import { warnRedundant } from './check-redundancy.ts'
import { isNeverOpen, warnNeverOpen, warnPointlessSchedule } from './check-schedule.ts'
import { warnNeverSeen } from './check-values.ts'
import { createExampleFinder, type ExampleFinder } from './find-example.ts'
import type { RuleWarning } from './rule-warning.ts'
import { exclude, type ModelledRule, modelRules, type RulesModel, type SeenValues } from './rules-model.ts'

/** What is known besides the rules; what is left out is not checked. */
export interface AnalysisContext {
  /** The ids of HelpCrunch's departments. */
  readonly departments?: ReadonlySet<number>
  /** A fact with fewer than 20 entries is not judged: too little was seen of it. */
  readonly seenValues?: SeenValues
}

export interface AnalysisScope {
  /** The key of the one rule that changed: only warnings about it, or naming it, are wanted. */
  readonly only?: string
}

/**
 * Looks for what is likely not meant in rules that are valid one by one. Whatever is said to be `certain` is proven, and
 * each witness has been confirmed by the operators that decide in earnest; where a proof would take too long, nothing is
 * said. Drafts and shadows are judged as if they were enabled, but take no chats from others; disabled rules are left
 * out. In the order tried, then by pointer, then by code.
 */
export function analyseRules(
  rules: readonly RuleDocument[],
  context: AnalysisContext,
  { only }: AnalysisScope = {},
): RuleWarning[] {
  const model = modelRules(rules, context.seenValues ?? new Map())
  const analysis = { model, context, examples: createExampleFinder(model), findCover: createFindCover(model) }
  const changed = only === undefined ? undefined : model.rules.find(({ document }) => document.key === only)
  if (only !== undefined && changed === undefined) return []
  return model.rules.flatMap((rule) => {
    return sorted(
      changed === undefined || rule === changed ? warnAbout(analysis, rule) : warnNaming(analysis, rule, changed),
    )
  })
}

interface Analysis {
  readonly model: RulesModel
  readonly context: AnalysisContext
  readonly examples: ExampleFinder
  readonly findCover: FindCover
}

/** Everything about a rule, by itself and among the others. */
function warnAbout(analysis: Analysis, rule: ModelledRule): RuleWarning[] {
  const { model, context, examples } = analysis
  const { departments, seenValues } = context
  const values = [
    ...(departments === undefined ? [] : warnUnknownDepartment(examples, rule, departments)),
    ...(seenValues === undefined ? [] : warnNeverSeen(model, examples, rule, seenValues)),
  ]
  if (isNeverOpen(model, rule)) return [...values, warnNeverOpen(rule)]
  const matching = canMatch(model, rule)
  if (matching === 'no') return [...values, warnNeverMatches(model, examples, rule)]
  // What is too entangled to tell whether it can match is too entangled for every other question as well.
  if (matching === 'unknown') return values
  const pointless = [...warnPointlessSchedule(examples, rule), ...warnRedundant(model, examples, rule)]
  return [...values, ...pointless, ...warnAboutPlace(analysis, rule, () => true)]
}

/** Warnings about a rule that name the changed one, which they only can if a chat can match both. */
function warnNaming(analysis: Analysis, rule: ModelledRule, changed: ModelledRule): RuleWarning[] {
  if (exclude(rule, changed) || canMatch(analysis.model, rule) !== 'yes') return []
  const warnings = warnAboutPlace(analysis, rule, (later) => later === changed)
  return warnings.filter(({ others }) => others.includes(changed.document.key))
}

/** What can be said of a rule that matches some chats among the others; `concerns` limits those tried after it. */
function warnAboutPlace(
  { model, examples, findCover }: Analysis,
  rule: ModelledRule,
  concerns: (later: ModelledRule) => boolean,
): RuleWarning[] {
  const cover = findCover(rule)
  // That a rule is never reached says more than that order decides.
  const place =
    cover.length > 0
      ? [warnNeverReached(model, examples, rule, cover)]
      : warnOrderDecides(model, examples, rule, (later) => concerns(later) && findCover(later).length === 0)
  return [...warnAlwaysMatches(model, examples, rule), ...place]
}

function sorted(warnings: readonly RuleWarning[]): RuleWarning[] {
  return warnings.toSorted((a, b) => compare(a.pointer, b.pointer) || compare(a.code, b.code))
}

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
