import type { FactValue } from '../facts.ts'
import { leavesOf, type PreparedCondition, type PreparedLeaf, prepareConditions } from '../prepared-conditions.ts'
import type { RuleDocument } from '../rule.ts'
import { brokenSchedule, inOrderTried } from '../ruleset.ts'
import { dimensionsOf, every, type Formula, opposite } from './formula.ts'
import { plausibleFormula } from './plausible.ts'
import { conditionsFormula, occasionFormula } from './rule-formula.ts'
import { narrow, type Position } from './search.ts'
import { createSpace, everything, type Space } from './space.ts'

/** A rule and what it says, as formulas over the space of the set. */
export interface ModelledRule {
  readonly document: RuleDocument
  readonly conditions: PreparedCondition
  /** Event and schedule fit. */
  readonly occasion: Formula
  /** The conditions are true for certain. */
  readonly isTrue: Formula
  readonly matches: Formula
  /** The rule does not match: its conditions are false or unknown, or it is not tried at all. */
  readonly unmatched: Formula
  /** For a rule that matches, what some dimensions can be at most; undefined when it is plain that it never matches. */
  readonly needs: ReadonlyMap<number, bigint> | undefined
}

/** All rules that are, or may come to be, evaluated. */
export interface RulesModel {
  readonly space: Space
  /** In the order tried, without disabled rules and those that cannot be evaluated. */
  readonly rules: readonly ModelledRule[]
  /** Where every search begins: anything can be. */
  readonly start: Position
  /** What real chats have in common, for examples that are to look like one. Never used to prove that nothing can be. */
  readonly plausible: Formula
  /** Texts that facts really have, or have in the rules' own tests: samples for examples. */
  readonly samples: ReadonlyMap<string, ReadonlySet<string>>
}

/** Values that facts had lately: one entry for each time, the most frequent value first. */
export type SeenValues = ReadonlyMap<string, readonly FactValue[]>

/** Reads the rules into one model. */
export function modelRules(documents: readonly RuleDocument[], seenValues: SeenValues): RulesModel {
  const prepared = documents
    .filter((document) => document.status !== 'disabled')
    .toSorted(inOrderTried)
    .flatMap(prepare)
  const leaves = prepared.flatMap(({ conditions }) => leavesOf(conditions))
  const schedules = prepared.flatMap(({ document: { schedule } }) => (schedule === undefined ? [] : [schedule]))
  const space = createSpace([EVENT_LEAF, ...leaves], schedules, seenValues)
  const formulas = prepared.map((rule) => formulate(space, rule))
  // Formulas add dimensions, so nothing can be searched before all of them are there.
  const start: Position = { domains: everything(space), choices: [] }
  const rules = formulas.map((rule) => ({ ...rule, needs: needsOf(rule.matches, start) }))
  return { space, rules, start, plausible: plausibleFormula(space), samples: samplesOf(documents, seenValues) }
}

/** Rules need the fact for the events they listen to, whether or not one compares it. */
const EVENT_LEAF: PreparedLeaf = {
  kind: 'leaf',
  pointer: '',
  leaf: { fact: 'event', operator: 'exists' },
  test: (actual) => actual !== undefined,
  lookup: undefined,
}

type PreparedRule = Pick<ModelledRule, 'document' | 'conditions'>

/** A stored rule that this version cannot evaluate never matches; that is reported where it is met. */
function prepare(document: RuleDocument): PreparedRule[] {
  if (brokenSchedule(document) !== undefined) return []
  try {
    return [{ document, conditions: prepareConditions(document.conditions) }]
  } catch {
    return []
  }
}

function formulate(space: Space, rule: PreparedRule): Omit<ModelledRule, 'needs'> {
  const occasion = occasionFormula(space, rule.document)
  const isTrue = conditionsFormula(space, rule.conditions)
  const matches = every([occasion, isTrue])
  return { ...rule, occasion, isTrue, matches, unmatched: opposite(matches) }
}

function needsOf(matches: Formula, start: Position): ModelledRule['needs'] {
  const position = narrow(start, [matches], { stepsLeft: Number.POSITIVE_INFINITY })
  if (position === undefined) return undefined
  const needs = new Map<number, bigint>()
  for (const { index, every } of dimensionsOf(matches)) {
    const domain = position.domains[index] ?? every
    if (domain !== every) needs.set(index, domain)
  }
  return needs
}

/** Whether it is plain that no chat can match both. */
export function exclude(a: ModelledRule, b: ModelledRule): boolean {
  if (a.needs === undefined || b.needs === undefined) return true
  const [fewer, more] = a.needs.size < b.needs.size ? [a.needs, b.needs] : [b.needs, a.needs]
  for (const [index, domain] of fewer) {
    if (((more.get(index) ?? domain) & domain) === 0n) return true
  }
  return false
}

/** The enabled rules tried before a rule that could take a chat from it. */
export function rivalsOf(model: RulesModel, rule: ModelledRule): readonly ModelledRule[] {
  const before = model.rules.slice(0, model.rules.indexOf(rule))
  return before.filter((other) => other.document.status === 'enabled' && !exclude(rule, other))
}

function samplesOf(documents: readonly RuleDocument[], seenValues: SeenValues): RulesModel['samples'] {
  const tested = documents.flatMap(({ tests = [] }) => tests.flatMap(({ facts }) => Object.entries(facts)))
  const seen = [...seenValues].flatMap(([fact, values]) => values.map((value): [string, FactValue] => [fact, value]))
  const samples = new Map<string, Set<string>>()
  for (const [fact, value] of [...tested, ...seen]) {
    const texts = samples.get(fact) ?? new Set()
    if (typeof value === 'string') samples.set(fact, texts.add(value))
  }
  return samples
}
