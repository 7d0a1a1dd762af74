import type { FactValue } from '../facts.ts'
import { EQUALITY, LIST } from '../operator-fit.ts'
import { leavesOf, type PreparedLeaf } from '../prepared-conditions.ts'
import { quoted } from '../problem.ts'
import { suggestion } from '../suggestion.ts'
import { comparisonKey } from '../text.ts'
import { type ExampleFinder, matchesExample } from './find-example.ts'
import { leafFormula } from './leaf-formula.ts'
import type { RuleWarning } from './rule-warning.ts'
import type { ModelledRule, RulesModel, SeenValues } from './rules-model.ts'

/** With fewer, a value may well be missing by chance. */
const SEEN_MIN = 20

/** Facts that have few values, most of which new chats have, so that one which was never seen is likely a slip. */
export const FEW_VALUED: readonly string[] = [
  'language',
  'locale',
  'messageLanguage',
  'country',
  'tags',
  'plan',
  'channel',
  'platform',
  'source',
]

/** Operators whose values are ones that a fact could have. */
const NAMING_VALUES = [...EQUALITY, ...LIST]

/** Warns of values which rules ask for and no chat had lately, such as the language `ua` where `uk` is meant. */
export function warnNeverSeen(
  model: RulesModel,
  examples: ExampleFinder,
  rule: ModelledRule,
  seenValues: SeenValues,
): RuleWarning[] {
  return leavesOf(rule.conditions).flatMap((prepared) => {
    const { fact, operator, value } = prepared.leaf
    const seen = distinctSeen(fact, seenValues.get(fact) ?? [])
    if (!NAMING_VALUES.includes(operator) || seen === undefined || value === undefined) return []
    const values: readonly (readonly [FactValue, string])[] =
      typeof value === 'object'
        ? value.map((one, index) => [one, `${prepared.pointer}/value/${index}`])
        : [[value, `${prepared.pointer}/value`]]
    return values.flatMap(([one, pointer]) =>
      typeof one === 'object' || seen.has(comparisonKey(one))
        ? []
        : [warnAbout(model, examples, rule, prepared, { value: one, pointer, seen })],
    )
  })
}

/** How each value was last spelled, by its key; undefined where too little was seen, or too much to miss a value in it. */
function distinctSeen(fact: string, sightings: readonly FactValue[]): ReadonlyMap<string, string> | undefined {
  const values = sightings.flat()
  const seen = new Map<string, string>()
  for (const value of values) {
    const key = comparisonKey(value)
    if (!seen.has(key)) seen.set(key, String(value))
  }
  const isFewValued = FEW_VALUED.includes(fact) || (fact.startsWith('custom.') && seen.size * 2 <= values.length)
  return sightings.length >= SEEN_MIN && isFewValued ? seen : undefined
}

interface Unseen {
  readonly value: string | number | boolean
  readonly pointer: string
  readonly seen: ReadonlyMap<string, string>
}

function warnAbout(
  model: RulesModel,
  examples: ExampleFinder,
  rule: ModelledRule,
  leaf: PreparedLeaf,
  { value, pointer, seen }: Unseen,
): RuleWarning {
  const hint = suggestion(String(value).trim(), [...seen.values()]) || ' Check how it is written.'
  const what = `No chat lately had ${quoted(value)} as ${leaf.leaf.fact}, so this may not do what is meant.`
  const confirms = (one: RuleWarning['witness']) => one !== null && matchesExample(rule, one)
  const witness =
    examples.show([rule.matches, leafFormula(model.space, leaf, true)], confirms) ??
    examples.show([rule.matches], confirms)
  const { key } = rule.document
  const message = `${what}${hint}`
  return { rule: key, code: 'value_never_seen', pointer, message, certainty: 'may', others: [], witness }
}
