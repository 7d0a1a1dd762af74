import type { Facts } from '../facts.ts'
import { comparisonKey, normalText } from '../text.ts'
import { every, type Formula, opposite, some } from './formula.ts'
import { classesWhere } from './leaf-formula.ts'
import type { FactPart, Space } from './space.ts'

/** Facts of which one is read from the other (`assembleFacts`). */
const DERIVED: readonly { from: string; to: string; derive(text: string): string | undefined }[] = [
  { from: 'locale', to: 'language', derive: (locale) => locale.match(/^[a-z]{2,3}(?=-|$)/)?.[0] },
  { from: 'email', to: 'emailDomain', derive: (email) => email.match(/@([^@\s]+)$/)?.[1] },
]

/** That facts which hang together do not contradict one another: no example shall have the locale `fr-fr` and German. */
export function plausibleFormula(space: Space): Formula {
  const facts = space.parts.filter((part) => part.kind === 'fact')
  return every(
    DERIVED.flatMap(({ from, to, derive }) => {
      const source = facts.find(({ name }) => name === from)
      const target = facts.find(({ name }) => name === to)
      return source && target ? consequences(source, target, derive) : []
    }),
  )
}

/** Whether an example's facts hang together. */
export function isPlausible(facts: Facts): boolean {
  return DERIVED.every(({ from, to, derive }) => {
    const [source, target] = [facts[from], facts[to]]
    if (typeof source !== 'string' || typeof target !== 'string') return true
    return derive(normalText(source)) === normalText(target)
  })
}

/** For each value of the source that rules mention: the target is what is read from it, or nobody has said. */
function consequences(source: FactPart, target: FactPart, derive: (text: string) => string | undefined): Formula[] {
  return source.classes.flatMap((cause) => {
    const derived = cause.kind === 'value' ? derive(normalText(String(cause.value))) : undefined
    if (derived === undefined) return []
    const isMentioned = target.classes.some(
      ({ kind, value }) => kind === 'value' && comparisonKey(String(value)) === comparisonKey(derived),
    )
    const isEffect = classesWhere(target, ({ kind, value }) => {
      if (kind === 'value') return comparisonKey(String(value)) === comparisonKey(derived)
      return kind === 'unknown' || (kind === 'other' && !isMentioned)
    })
    return [some([opposite(classesWhere(source, (one) => one === cause)), isEffect])]
  })
}
