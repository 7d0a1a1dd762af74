import type { AnalysisContext, AnalysisScope } from '../domain/analysis/analyse.ts'
import { FEW_VALUED } from '../domain/analysis/check-values.ts'
import type { RuleWarning } from '../domain/analysis/rule-warning.ts'
import type { FactValue } from '../domain/facts.ts'
import type { RuleDocument } from '../domain/rule.ts'
import { notAnalysed, type RuleNotice } from '../domain/rule-notice.ts'
import { SEEN_VALUES_MAX, type SeenValues } from './list-facts.ts'

/** The port to the analysis, which runs beside the event loop; `adapters/analysis-runner.ts` implements it. */
export interface RuleAnalyst {
  /** Undefined when it took too long, or failed. */
  analyse(
    rules: readonly RuleDocument[],
    context: AnalysisContext,
    scope: AnalysisScope,
  ): Promise<readonly RuleWarning[] | undefined>
}

export interface WarnDependencies {
  readonly analyst: RuleAnalyst
  readonly seenValues: SeenValues
}

/** What the analysis finds in a set of rules; with `only`, what is about that one rule or names it. `departments` is left out where nobody knows them. */
export async function warnAboutRules(
  { analyst, seenValues }: WarnDependencies,
  rules: readonly RuleDocument[],
  departments: ReadonlySet<number> | undefined,
  only?: string,
): Promise<readonly RuleNotice[]> {
  const context = { ...(departments && { departments }), seenValues: await readSeenValues(seenValues) }
  const warnings = await analyst.analyse(rules, context, only === undefined ? {} : { only })
  return warnings ?? [notAnalysed(only ?? '')]
}

/** One entry for each time a value was seen, as the analysis wants it. */
async function readSeenValues(seenValues: SeenValues): Promise<ReadonlyMap<string, readonly FactValue[]>> {
  // A list that is full may have been cut off there.
  const seen = (await seenValues.list(FEW_VALUED, SEEN_VALUES_MAX)).filter(
    ({ name, values }) => FEW_VALUED.includes(name) && values.length < SEEN_VALUES_MAX,
  )
  return new Map(
    seen.map(({ name, values }) => [
      name,
      values.flatMap(({ value, count }) => new Array<FactValue>(count).fill(value)),
    ]),
  )
}
