import { Engine, Fact, type NestedCondition, Operator, type TopLevelCondition } from 'json-rules-engine'
import type { OperatorName } from './conditions.ts'
import { type Facts, type FactValue, type Lookup, readFact } from './facts.ts'
import type { LeafTest } from './operators.ts'
import { leavesOf, type PreparedCondition } from './prepared-conditions.ts'

/** A rule's conditions in json-rules-engine. Both reject when an operator throws, which would be a bug of the operator. */
export interface RuleEngine {
  /** Whether the conditions are true for certain, whatever the open lookups (none, when left out) will tell. */
  certain(facts: Facts, openLookups?: Lookups): Promise<boolean>
  /**
   * Whether they could become true if the lookups asked, of the open ones (all, when left out), told their facts.
   * Never false when some answer would make them true.
   */
  possible(facts: Facts, openLookups: Lookups, asked?: Lookups): Promise<boolean>
}

type Lookups = ReadonlySet<Lookup>

/**
 * Puts prepared conditions into json-rules-engine; the only file that knows it. The engine has two truth values, so
 * negation is pushed down to the leaves first (De Morgan): a leaf about an unknown fact is false in both polarities,
 * and the whole is true only when it is certain. Free of negation it is also monotone, so taking every open leaf for
 * true tells whether the rule could still match. It may say yes where one fact would have to be two things at once.
 */
export function compileRule(conditions: PreparedCondition): RuleEngine {
  const root = asRoot(engineCondition(conditions, true))
  const leaves = leavesOf(conditions)
  const operators = new Set(leaves.flatMap(({ leaf }) => engineOperators(leaf.operator)))
  const lookupByFact = new Map(leaves.map(({ leaf, lookup }) => [leaf.fact, lookup]))
  // Runs that overlap on one engine lose results (7.3.1: the first to end stops the others), so each run has an engine
  // to itself. One whose run was rejected is not used again: that run is still about to stop it.
  const idle: Engine[] = []

  async function run(facts: Facts, openLookups: Lookups, asked: Lookups): Promise<boolean> {
    const engine = idle.pop() ?? createEngine(root, operators)
    const { results } = await engine.run(engineFacts(lookupByFact, facts, openLookups, asked))
    idle.push(engine)
    return results.length === 1
  }

  return {
    certain: (facts, openLookups = NONE) => run(facts, openLookups, NONE),
    possible: (facts, openLookups, asked = openLookups) => run(facts, openLookups, asked),
  }
}

const NONE: Lookups = new Set()

/** A fact that an open lookup may tell: nothing about it is certain, not even that it is missing. */
const OPEN: unique symbol = Symbol('open')

/** The same, taken for whatever each leaf wants. */
const HOPED: unique symbol = Symbol('hoped')

type EngineFact = FactValue | typeof OPEN | typeof HOPED | undefined

type EngineOperator = Operator<EngineFact, LeafTest>

/** An operator and its negation, made once: that a leaf is known to be true, and that it is known to be false. */
function engineOperators(name: OperatorName): readonly EngineOperator[] {
  const made = ENGINE_OPERATORS.get(name) ?? [
    new Operator<EngineFact, LeafTest>(name, (actual, test) => isKnownToBe(true, actual, test)),
    new Operator<EngineFact, LeafTest>(negated(name), (actual, test) => isKnownToBe(false, actual, test)),
  ]
  ENGINE_OPERATORS.set(name, made)
  return made
}

const ENGINE_OPERATORS = new Map<OperatorName, readonly EngineOperator[]>()

function isKnownToBe(truth: boolean, actual: EngineFact, test: LeafTest): boolean {
  if (typeof actual === 'symbol') return actual === HOPED
  return test(actual) === truth
}

/**
 * Every rule has an engine or more, so each is given the operators that its rule names, and no others. They take the place of
 * json-rules-engine's own of the same name, which take an unknown fact for a value.
 */
function createEngine(conditions: TopLevelCondition, operators: ReadonlySet<EngineOperator>): Engine {
  const engine = new Engine([], { allowUndefinedFacts: true, pathResolver: refusePath })
  for (const operator of operators) engine.addOperator(operator)
  engine.addRule({ conditions, event: { type: 'match' } })
  return engine
}

function refusePath(): never {
  throw new Error('A condition with a path must not reach the engine.')
}

/** The leaf's prepared test is the engine's `value`: what depends on the rule alone is worked out once, not per run. */
function engineCondition(condition: PreparedCondition, positive: boolean): NestedCondition {
  switch (condition.kind) {
    case 'leaf': {
      const { leaf, test } = condition
      return { fact: leaf.fact, operator: positive ? leaf.operator : negated(leaf.operator), value: test }
    }
    case 'not':
      return engineCondition(condition.member, !positive)
    default: {
      const members = condition.members.map((member) => engineCondition(member, positive))
      return (condition.kind === 'all') === positive ? { all: members } : { any: members }
    }
  }
}

/** The engine begins with a group. Each run clones all that it has, so there is none around a group, and no name in it. */
function asRoot(condition: NestedCondition): TopLevelCondition {
  return 'all' in condition || 'any' in condition ? condition : { all: [condition] }
}

function negated(operator: string): string {
  return `not ${operator}`
}

/** The facts this rule asks about, as constants, which need no hash to be kept under. One that is unknown for good is left out. */
function engineFacts(
  lookupByFact: ReadonlyMap<string, Lookup | undefined>,
  facts: Facts,
  openLookups: Lookups,
  asked: Lookups,
): Record<string, Fact<EngineFact>> {
  const known: Record<string, Fact<EngineFact>> = {}
  const know = (name: string, value: EngineFact) => {
    known[name] = new Fact(name, value, { cache: false })
  }
  for (const [name, lookup] of lookupByFact) {
    const value = readFact(facts, name)
    if (value === undefined && lookup !== undefined && openLookups.has(lookup)) {
      know(name, asked.has(lookup) ? HOPED : OPEN)
    } else if (value !== undefined && value !== null) know(name, value)
  }
  return known
}
