import { inOrderTried } from '../ruleset.ts'
import { describeKeys } from './describe.ts'
import { type ExampleFinder, matchesExample } from './find-example.ts'
import type { RuleWarning, Witness } from './rule-warning.ts'
import { type ModelledRule, type RulesModel, rivalsOf } from './rules-model.ts'
import { type Budget, isTrueAt, narrow, type Position, plainestPoint, QUESTION_STEPS, search, solve } from './search.ts'

/**
 * The fewest earlier rules (no fewer of them would do) that take every chat which the rule matches; none when some chat
 * is left for it, or when that is not known.
 */
export type FindCover = (rule: ModelledRule) => readonly ModelledRule[]

/** Remembers the covers found, as more than one check asks for them. */
export function createFindCover(model: RulesModel): FindCover {
  const known = new Map<ModelledRule, readonly ModelledRule[]>()
  return (rule) => {
    const cover = known.get(rule) ?? findCover(model, rule)
    known.set(rule, cover)
    return cover
  }
}

/**
 * Takes a chat of the rule, adds the rival that takes it, and looks for a chat that nobody has taken yet, until there is
 * none. Most rules need few rounds, however many rivals they have.
 */
function findCover(model: RulesModel, rule: ModelledRule): readonly ModelledRule[] {
  const budget: Budget = { stepsLeft: RULE_STEPS }
  const rivals = rivalsOf(model, rule)
  const matching = narrow(model.start, [rule.matches], budget)
  const chats: (readonly bigint[])[] = []
  const takers: ModelledRule[] = []
  for (let left = matching; left !== undefined; ) {
    const found = search(left, budget)
    if (found.kind === 'gave_up') return []
    if (found.kind === 'impossible') break
    const chat = plainestPoint(found.domains)
    const taker = rivals.find(({ matches }) => isTrueAt(chat, matches, budget))
    if (taker === undefined) return []
    chats.push(chat)
    takers.push(taker)
    left = narrow(left, [taker.unmatched], budget)
  }
  if (matching === undefined) return []
  const takesAllChats = ({ matches }: ModelledRule) => chats.every((chat) => isTrueAt(chat, matches, budget))
  const alone = rivals.filter(takesAllChats).find((rival) => takeAll(matching, [rival], budget))
  return alone === undefined ? smallestCover(matching, takers, budget) : [alone]
}

/** For all the questions about one rule together. */
const RULE_STEPS = 5 * QUESTION_STEPS

/** Leaves out who is not needed, from the last, so that those which are tried first stay. */
function smallestCover(matching: Position, takers: readonly ModelledRule[], budget: Budget): readonly ModelledRule[] {
  let cover = takers.toSorted((a, b) => inOrderTried(a.document, b.document))
  for (const taker of cover.toReversed()) {
    const fewer = cover.filter((one) => one !== taker)
    if (takeAll(matching, fewer, budget)) cover = fewer
  }
  return cover
}

function takeAll(matching: Position, rules: readonly ModelledRule[], budget: Budget): boolean {
  const untaken = rules.map(({ unmatched }) => unmatched)
  return solve(matching, untaken, budget).kind === 'impossible'
}

/** Warns of a rule that no chat gets to, and shows a chat that it matches and that another takes. */
export function warnNeverReached(
  model: RulesModel,
  examples: ExampleFinder,
  rule: ModelledRule,
  cover: readonly ModelledRule[],
): RuleWarning {
  const others = cover.map(({ document }) => document.key)
  const { key, department, reroute = false } = rule.document
  const isSpare = cover.every(({ document }) => {
    return document.department === department && (document.reroute ?? false) === reroute
  })
  const advice = isSpare
    ? 'The department is the same, so this rule can be removed.'
    : 'Give this rule a higher priority, narrow what comes before it, or remove it.'
  const message = `No chat gets to this rule: every chat that it matches is taken by ${describeKeys(others)} before. ${advice}`
  const witness = showTaken(model, examples, rule, cover)
  return { rule: key, code: 'never_reached', pointer: '/priority', message, certainty: 'certain', others, witness }
}

/** Preferably a chat that goes to a rule of the cover. */
function showTaken(
  model: RulesModel,
  examples: ExampleFinder,
  rule: ModelledRule,
  cover: readonly ModelledRule[],
): Witness | null {
  for (const taker of cover) {
    const confirms = (one: Witness) => matchesExample(rule, one) && matchesExample(taker, one)
    const witness = examples.show([rule.matches, taker.matches], confirms, rivalsOf(model, taker))
    if (witness !== null) return witness
  }
  const rivals = rivalsOf(model, rule)
  const isTaken = (one: Witness) => matchesExample(rule, one) && rivals.some((rival) => matchesExample(rival, one))
  return examples.show([rule.matches], isTaken)
}
