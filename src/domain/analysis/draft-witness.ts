import type { FactValue } from '../facts.ts'
import { TEXT_CHARACTERS_MAX } from '../helpcrunch-values.ts'
import { EVENT_TYPES_ROUTABLE } from '../rule.ts'
import { comparisonKey, numberOf } from '../text.ts'
import type { FactClass } from './fact-classes.ts'
import type { FindMoment, TimeWish } from './moments.ts'
import type { Witness } from './rule-warning.ts'
import type { RulesModel } from './rules-model.ts'
import { type TextWish, textsFor } from './sample-text.ts'
import { type FactPart, SO } from './space.ts'

/** An example chat. With `isGuessed`, part of it is a text of which it is not sure that it passes all tests it should. */
export interface Draft {
  readonly witness: Witness
  readonly isGuessed: boolean
}

/** Makes an example of what a search found, with as few facts as will do; undefined when there is no such time. */
export function draftWitness(model: RulesModel, domains: readonly bigint[], findMoment: FindMoment): Draft | undefined {
  const wishes = wishesOf(model, domains)
  const at = wishes.times.length === 0 ? null : findMoment(wishes.times)
  if (at === undefined) return undefined
  const facts: Record<string, FactValue> = {}
  let isGuessed = false
  for (const part of model.space.parts) {
    if (part.kind !== 'fact') continue
    const domain = domains[part.dimension.index] ?? 0n
    const choice = chooseValue(part, domain, wishes, model.samples.get(part.name) ?? new Set())
    if (choice.value !== undefined) facts[part.name] = choice.value
    isGuessed ||= choice.isGuessed
  }
  const event = EVENT_TYPES_ROUTABLE.find((type) => type === facts.event) ?? 'chat.new'
  return { witness: { event, at: at === null ? null : at.toISOString(), facts }, isGuessed }
}

interface Wishes {
  readonly times: readonly TimeWish[]
  readonly members: ReadonlyMap<string, readonly (string | number)[]>
  readonly texts: ReadonlyMap<string, readonly TextWish[]>
}

/** What the search settled besides the facts' classes. What it left open does not matter. */
function wishesOf(model: RulesModel, domains: readonly bigint[]): Wishes {
  const times: TimeWish[] = []
  const members = new Map<string, (string | number)[]>()
  const texts = new Map<string, TextWish[]>()
  for (const part of model.space.parts) {
    const domain = domains[part.dimension.index] ?? part.dimension.every
    if (part.kind === 'fact' || domain === part.dimension.every) continue
    const isSo = domain === SO
    if (part.kind === 'week') times.push({ week: part, classes: domain })
    else if (part.kind === 'text') push(texts, part.leaf.leaf.fact, { leaf: part.leaf, passes: isSo })
    else if (isSo) push(members, part.fact, part.value)
  }
  return { times, members, texts }
}

function push<Value>(lists: Map<string, Value[]>, key: string, value: Value): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [value])
  else list.push(value)
}

interface Choice {
  readonly value: FactValue | undefined
  readonly isGuessed: boolean
}

/**
 * The first value that meets all wishes, of classes in the order of how plain they are, or else the one that meets most:
 * a search settles more than it has to, so that may do. Whether it does is for the real rules to say.
 */
function chooseValue(part: FactPart, domain: bigint, wishes: Wishes, samples: ReadonlySet<string>): Choice {
  const classes = part.classes.filter((_, index) => ((domain >> BigInt(index)) & 1n) === 1n)
  const texts = wishes.texts.get(part.name) ?? []
  let best: { value: FactValue | undefined; met: number } = { value: classes[0]?.value, met: -1 }
  for (const one of classes) {
    if (one.kind === 'unknown') return { value: undefined, isGuessed: false }
    if (one.kind === 'list') return { value: [...(wishes.members.get(part.name) ?? [])], isGuessed: false }
    for (const value of candidatesFor(part, one, texts, samples)) {
      const met = texts.filter(({ leaf, passes }) => leaf.test(value) === passes).length
      if (met === texts.length) return { value, isGuessed: false }
      if (met > best.met) best = { value, met }
    }
  }
  return { value: best.value, isGuessed: classes.some(({ kind }) => kind === 'other') }
}

/** Values of a class: for texts that no rule mentions there are as many as one can think of. */
function candidatesFor(
  part: FactPart,
  { kind, value }: FactClass,
  wishes: readonly TextWish[],
  samples: ReadonlySet<string>,
): readonly FactValue[] {
  if (value === undefined) return []
  if (wishes.length === 0 || kind === 'value' || typeof value !== 'string') return [value]
  const isMentioned = (text: string) =>
    part.classes.some((one) => one.kind === 'value' && comparisonKey(String(one.value)) === comparisonKey(text))
  const others = [...textsFor(wishes).filter(isKept), ...samples]
  return [value, ...others.filter((text) => numberOf(text) === undefined && !isMentioned(text))]
}

/** Of a real chat, blank text is no fact, and a long one is cut. */
function isKept(text: string): boolean {
  return text.trim() !== '' && text.length <= TEXT_CHARACTERS_MAX
}
