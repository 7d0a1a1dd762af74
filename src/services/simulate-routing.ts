import type { RoutingPolicy } from '../domain/decide.ts'
import type { Lookup, PresentFacts } from '../domain/facts.ts'
import type { RoutingCase } from '../domain/find-winner.ts'
import { onlyPresent } from '../domain/helpcrunch-values.ts'
import type { Pause } from '../domain/pause.ts'
import type { Problem } from '../domain/problem.ts'
import type { LiveRule } from '../domain/rule.ts'
import { type CompiledRuleset, compileWithPauses } from '../domain/ruleset.ts'
import { type SimulatedDecision, type Simulation, simulate } from '../domain/simulate.ts'
import { readSimulationRequest, type SimulationSubject } from '../domain/simulation-request.ts'
import { createPause } from './create-pause.ts'
import type { Rulesets } from './decide-events.ts'
import type { DecisionReader, DecisionSummary } from './read-decision.ts'
import { GIVEN_VERSION, problemsOf, readGivenRules } from './read-given-rules.ts'
import type { RulesetInForce } from './waiting-event.ts'

/** The port to the rule set in force; `adapters/prisma/ruleset-head.ts` implements it. */
export interface RulesetHead {
  current(): Promise<RulesetInForce>
}

export interface SimulateDependencies {
  readonly decisions: DecisionReader
  readonly rulesets: Rulesets
  readonly head: RulesetHead
  readonly policy: RoutingPolicy
  readonly clock: () => Date
}

/** A simulation with what it was made of. A rule that the request brought along has the version null. */
export interface SimulationAnswer extends Omit<Simulation, 'decision'> {
  readonly decision: Omit<SimulatedDecision, 'rule'> & {
    readonly rule: { readonly key: string; readonly version: number | null } | null
    /** Null for rules that the request brought along. */
    readonly rulesetVersion: number | null
  }
  readonly event: string
  readonly at: Date
  readonly facts: PresentFacts
  /** The decision as it was made; null when facts were given instead. */
  readonly recorded: Pick<DecisionSummary, 'outcome' | 'reason' | 'rule' | 'department' | 'rulesetVersion'> | null
}

export type SimulationResult =
  | { readonly kind: 'simulated'; readonly answer: SimulationAnswer }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] }
  | { readonly kind: 'no_such_decision'; readonly id: string }
  /** Its customer's data was erased, so there is nothing to decide by. */
  | { readonly kind: 'erased'; readonly id: string }

/** Decides given facts, or a recorded decision once more, by the rules in force or given ones. Calls nobody, writes nothing. */
export async function simulateRouting(deps: SimulateDependencies, input: unknown): Promise<SimulationResult> {
  const request = readSimulationRequest(input)
  const pause = createPause()
  const given = request.rules && (await readGivenRules(request.rules, pause))
  if (request.kind === 'invalid' || given?.kind === 'invalid') {
    return { kind: 'invalid', problems: [...problemsOf(request), ...problemsOf(given)] }
  }
  const subject = await findSubject(deps, request.subject)
  if (subject.kind !== 'found') return subject
  const { routingCase, openLookups, recorded } = subject
  const ruleset = await findRuleset(deps, given?.rules, pause)
  const { decision, ...found } = await simulate(ruleset, routingCase, openLookups, deps.policy, pause)
  const { eventType: event, at, facts } = routingCase
  const versionOf = (version: number) => (version === GIVEN_VERSION ? null : version)
  const rule = decision.rule && { ...decision.rule, version: versionOf(decision.rule.version) }
  const rulesetVersion = versionOf(ruleset.version)
  return {
    kind: 'simulated',
    answer: {
      decision: { ...decision, rule, rulesetVersion },
      ...found,
      event,
      at,
      facts: onlyPresent(facts),
      recorded,
    },
  }
}

type Subject =
  | {
      readonly kind: 'found'
      readonly routingCase: RoutingCase
      readonly openLookups: ReadonlySet<Lookup>
      readonly recorded: SimulationAnswer['recorded']
    }
  | Extract<SimulationResult, { kind: 'no_such_decision' | 'erased' }>

async function findSubject({ decisions, clock }: SimulateDependencies, subject: SimulationSubject): Promise<Subject> {
  if (subject.kind === 'facts') {
    const { event, facts, at = clock() } = subject
    const routingCase = { eventType: event, at, facts: { event, ...facts } }
    // Whoever gives facts says all there is to know.
    return { kind: 'found', routingCase, openLookups: new Set(), recorded: null }
  }
  const decision = await decisions.find(BigInt(subject.id))
  if (decision === undefined) return { kind: 'no_such_decision', id: subject.id }
  if (decision.erasedAt !== null) return { kind: 'erased', id: subject.id }
  const { eventType, happenedAt: at, facts, openLookups } = decision
  const { outcome, reason, rule, department, rulesetVersion } = decision
  const recorded = { outcome, reason, rule, department, rulesetVersion }
  return { kind: 'found', routingCase: { eventType, at, facts }, openLookups, recorded }
}

async function findRuleset(
  { rulesets, head }: SimulateDependencies,
  given: readonly LiveRule[] | undefined,
  pause: Pause,
): Promise<CompiledRuleset> {
  if (given !== undefined) return compileWithPauses({ version: GIVEN_VERSION, rules: given }, pause)
  return rulesets.inForce(await head.current())
}
