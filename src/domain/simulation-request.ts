import { type Static, Type } from 'typebox'
import { Check } from 'typebox/value'
import type { PresentFacts } from './facts.ts'
import { GivenRules, tooManyRules } from './given-rules.ts'
import { isJsonObject } from './json-object.ts'
import { eachPlaceOnce, type Problem } from './problem.ts'
import { EVENT_TYPES_ROUTABLE, RuleTest } from './rule.ts'
import { sizeProblems } from './validate-size.ts'
import { structureProblems } from './validate-structure.ts'
import { testsProblems } from './validate-tests.ts'

/** The body of `POST /v1/simulations`. */
export const SimulationRequest = Type.Object(
  {
    facts: Type.Optional(RuleTest.properties.facts),
    decisionId: Type.Optional(
      Type.String({ pattern: '^[0-9]{1,18}$', description: 'The id of a recorded decision, as text.' }),
    ),
    rules: Type.Optional(GivenRules),
    event: Type.Optional(
      Type.Enum(EVENT_TYPES_ROUTABLE, {
        description: `The event to simulate for facts, one of ${EVENT_TYPES_ROUTABLE.join(', ')}; chat.new when left out.`,
      }),
    ),
    at: Type.Optional({
      ...RuleTest.properties.at,
      description:
        'A moment with its offset, for example "2026-03-02T10:00:00+01:00": when the event of the facts happens, by which schedules go; now when left out.',
    }),
  },
  {
    additionalProperties: false,
    description: '{ "facts": {...} } or { "decisionId": "..." }, optionally "rules" in place of the stored ones.',
  },
)
export type SimulationRequest = Static<typeof SimulationRequest>

/** What is to be decided; `at` is undefined for now. */
export type SimulationSubject =
  | { readonly kind: 'facts'; readonly facts: PresentFacts; readonly event: string; readonly at: Date | undefined }
  | { readonly kind: 'decision'; readonly id: string }

/** What a body says, its `rules` still unread; those are there to be checked too when the rest of it is wrong. */
export type SimulationReading = { readonly rules: readonly unknown[] | undefined } & (
  | { readonly kind: 'valid'; readonly subject: SimulationSubject }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] }
)

/** Reads the body of a simulation from any parsed JSON: all problems at once, each place once. */
export function readSimulationRequest(input: unknown): SimulationReading {
  const tooMany = tooManyRules(input)
  if (tooMany.length > 0) return { kind: 'invalid', problems: tooMany, rules: undefined }
  const rules = isJsonObject(input) && Array.isArray(input.rules) ? input.rules : undefined
  // Every explained comparison repeats its fact.
  const size = isJsonObject(input) ? sizeProblems(input.facts, '/facts') : []
  if (size.length > 0) return { kind: 'invalid', problems: size, rules }
  const problems = [...structureProblems(SimulationRequest, input), ...meaningProblems(input)]
  if (problems.length === 0 && Check(SimulationRequest, input)) {
    return { kind: 'valid', subject: readSubject(input), rules }
  }
  return { kind: 'invalid', problems: eachPlaceOnce(problems), rules }
}

function readSubject({ decisionId, facts = {}, event, at }: SimulationRequest): SimulationSubject {
  if (decisionId !== undefined) return { kind: 'decision', id: decisionId }
  const told = EVENT_TYPES_ROUTABLE.find((type) => type === facts.event)
  return { kind: 'facts', facts, event: event ?? told ?? 'chat.new', at: at === undefined ? undefined : new Date(at) }
}

function meaningProblems(input: unknown): Problem[] {
  if (!isJsonObject(input)) return []
  const { facts, decisionId, event, at } = input
  // The facts and the moment of a rule's test are the same, so they are judged the same.
  const asTest = testsProblems([{ facts, at }]).map(({ pointer, message }) => {
    return { pointer: pointer.slice('/tests/0'.length), message }
  })
  return [...asTest, ...choiceProblems(facts, decisionId), ...eventProblems(facts, decisionId, event, at)]
}

function choiceProblems(facts: unknown, decisionId: unknown): Problem[] {
  if (facts === undefined && decisionId === undefined) {
    return [
      { pointer: '/facts', message: 'There is nothing to simulate. Give facts, or the decisionId of a decision.' },
    ]
  }
  if (facts === undefined || decisionId === undefined) return []
  return [{ pointer: '/decisionId', message: 'A decision has facts of its own. Give either facts or a decisionId.' }]
}

function eventProblems(facts: unknown, decisionId: unknown, event: unknown, at: unknown): Problem[] {
  const told = isJsonObject(facts) ? facts.event : undefined
  if (told !== undefined && event !== undefined && told !== event) {
    return [{ pointer: '/event', message: 'facts.event says otherwise. Leave one of the two out.' }]
  }
  if (told !== undefined && !EVENT_TYPES_ROUTABLE.some((type) => type === told)) {
    return [{ pointer: '/facts/event', message: `Expected one of: ${EVENT_TYPES_ROUTABLE.join(', ')}.` }]
  }
  if (decisionId === undefined) return []
  const given = Object.entries({ event, at }).filter(([, value]) => value !== undefined)
  return given.map(([name]) => {
    return { pointer: `/${name}`, message: `A decision has its own ${name === 'at' ? 'time' : 'event'}. Remove it.` }
  })
}
