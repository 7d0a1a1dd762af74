import { explainConditions } from '../explain-conditions.ts'
import { listensTo } from '../listening.ts'
import { isOpen } from '../schedule.ts'
import { draftWitness } from './draft-witness.ts'
import type { Formula } from './formula.ts'
import { createFindMoment, type FindMoment } from './moments.ts'
import { isPlausible } from './plausible.ts'
import type { Witness } from './rule-warning.ts'
import type { ModelledRule, RulesModel } from './rules-model.ts'
import { type Budget, narrow, QUESTION_STEPS, search } from './search.ts'

/**
 * How the search for an example ended: `impossible`, there is none; `text`, it hangs on words or patterns for which no
 * text was found; `unsettled`, nothing is known.
 */
export type Example =
  | { readonly kind: 'found'; readonly witness: Witness }
  | { readonly kind: 'impossible' }
  | { readonly kind: 'text' }
  | { readonly kind: 'unsettled' }

/** Finds examples that the real rules confirm, and that none of the `rivals` matches. */
export interface ExampleFinder {
  /** A plausible chat of which the statements are true, and `confirms` too. */
  find(statements: readonly Formula[], confirms: Confirms, rivals: readonly ModelledRule[]): Example
  /** The same for what is proven already: any chat will do when there is no plausible one. */
  show(statements: readonly Formula[], confirms: Confirms, rivals?: readonly ModelledRule[]): Witness | null
}

type Confirms = (witness: Witness) => boolean

/** Makes a finder of examples for one set of rules. */
export function createExampleFinder(model: RulesModel): ExampleFinder {
  const findMoment = createFindMoment(model.space.parts.filter((part) => part.kind === 'week'))
  const findExample = (statements: readonly Formula[], confirms: Confirms, rivals: readonly ModelledRule[]) =>
    refineExample({ model, findMoment, confirms, rivals }, statements)
  return {
    find: (statements, confirms, rivals) => {
      const confirmsAll = (witness: Witness) => isPlausible(witness.facts) && confirms(witness)
      return findExample([...statements, model.plausible], confirmsAll, rivals)
    },
    show: (statements, confirms, rivals = []) => {
      for (const constraints of [[model.plausible], []]) {
        const example = findExample([...statements, ...constraints], confirms, rivals)
        if (example.kind === 'found') return example.witness
      }
      return null
    },
  }
}

interface Quest {
  readonly model: RulesModel
  readonly findMoment: FindMoment
  readonly confirms: Confirms
  readonly rivals: readonly ModelledRule[]
}

/** As long as a rival matches the example, another one is looked for which that rival does not match. */
function refineExample(quest: Quest, statements: readonly Formula[]): Example {
  const budget: Budget = { stepsLeft: QUESTION_STEPS }
  const avoided = new Set<ModelledRule>()
  for (let left = narrow(quest.model.start, statements, budget); left !== undefined; ) {
    const found = search(left, budget)
    if (found.kind === 'impossible') return found
    const draft = found.kind === 'found' ? draftWitness(quest.model, found.domains, quest.findMoment) : undefined
    if (draft === undefined) return { kind: 'unsettled' }
    const { witness, isGuessed } = draft
    const taker = quest.rivals.find((rival) => matchesExample(rival, witness))
    if (taker === undefined && quest.confirms(witness)) return { kind: 'found', witness }
    if (taker === undefined || avoided.has(taker)) return { kind: isGuessed ? 'text' : 'unsettled' }
    avoided.add(taker)
    left = narrow(left, [taker.unmatched], budget)
  }
  return { kind: 'impossible' }
}

/** Whether a rule matches an example, by the operators, events and schedule that decide in earnest. */
export function matchesExample({ document, conditions }: ModelledRule, { event, at, facts }: Witness): boolean {
  if (!listensTo(document, event)) return false
  if (document.schedule !== undefined && at !== null && !isOpen(document.schedule, new Date(at))) return false
  return explainConditions(conditions, facts, new Set()).result === 'match'
}
