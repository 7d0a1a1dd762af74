import { Type } from 'typebox'
import { Check } from 'typebox/value'
import { isJsonObject } from './json-object.ts'
import { eachPlaceOnce, type Problem } from './problem.ts'
import { RuleDocument } from './rule.ts'
import { conditionsProblems } from './validate-conditions.ts'
import { scheduleProblems } from './validate-schedule.ts'
import { sizeProblems, unstorableTextProblems } from './validate-size.ts'
import { descriptionOf, structureProblems } from './validate-structure.ts'
import { testsProblems } from './validate-tests.ts'

/** A rule that may be stored, or everything that is wrong with it. */
export type RuleReading = { kind: 'valid'; rule: RuleDocument } | { kind: 'invalid'; problems: readonly Problem[] }

/** Reads a rule document from any parsed JSON; never throws. All problems come at once, each place once. */
export function readRule(input: unknown): RuleReading {
  const problems = problemsOf(input)
  // The schema has the last word, so that nothing is stored that it does not describe.
  if (problems.length === 0 && Check(RuleDocument, input)) return { kind: 'valid', rule: input }
  return { kind: 'invalid', problems }
}

const { conditions: _, ...OTHER_PROPERTIES } = RuleDocument.properties

/** The conditions are walked by hand for the sake of better messages. */
const RuleAroundConditions = Type.Object(
  {
    ...OTHER_PROPERTIES,
    conditions: Type.Unknown({ description: descriptionOf(RuleDocument.properties.conditions) ?? '' }),
  },
  { additionalProperties: false, description: descriptionOf(RuleDocument) ?? '' },
)

function problemsOf(input: unknown): readonly Problem[] {
  const size = sizeProblems(input)
  if (size.length > 0) return size
  const structure = structureProblems(RuleAroundConditions, input).map(withEngineHint)
  if (!isJsonObject(input)) return structure
  const problems = [
    ...structure,
    ...reservedKeyProblems(input.key),
    ...(Object.hasOwn(input, 'conditions') ? conditionsProblems(input.conditions) : []),
    ...scheduleProblems(input.schedule),
    ...testsProblems(input.tests),
    ...unstorableTextProblems(input),
  ]
  return eachPlaceOnce(problems)
}

/** `PUT /v1/rules/order` is the address of the order, so a rule of that name could never be changed. */
const RESERVED_KEY = 'order'

function reservedKeyProblems(key: unknown): Problem[] {
  if (key !== RESERVED_KEY) return []
  const message = `"${RESERVED_KEY}" is the address at which the order of the rules is set. Choose another key.`
  return [{ pointer: '/key', message }]
}

/** json-rules-engine's own rules have an `event`, and people paste these. */
function withEngineHint(problem: Problem): Problem {
  if (problem.pointer !== '/event') return problem
  const message = 'A rule has no engine event. Remove it: `department` says where to route, `events` what to listen to.'
  return { pointer: problem.pointer, message }
}
