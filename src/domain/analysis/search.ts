import { type Formula, type Group, opposite } from './formula.ts'

/** How far a search has come: what each dimension can still be, and the choices that are still to be made. */
export interface Position {
  /** Classes by the dimension's index; none is empty. */
  readonly domains: readonly bigint[]
  readonly choices: readonly Group[]
}

/** How much work a question may take, in formulas looked at. Searches take from it. */
export interface Budget {
  stepsLeft: number
}

/** `found`: each dimension may be any class of its domain. `gave_up`: the budget was spent, and nothing is known. */
export type Search =
  | { readonly kind: 'found'; readonly domains: readonly bigint[] }
  | { readonly kind: 'impossible' }
  | { readonly kind: 'gave_up' }

/** The work that one question may take: enough for what people write, and some milliseconds for what they should not. */
export const QUESTION_STEPS = 100_000

/** Whether statements can be true together, from a position that other statements may have led to. */
export function solve(
  from: Position,
  statements: readonly Formula[],
  budget: Budget = { stepsLeft: QUESTION_STEPS },
): Search {
  const position = narrow(from, statements, budget)
  return position === undefined ? { kind: 'impossible' } : search(position, budget)
}

/**
 * Whether everything that led to the position can be so at once. Complete: `impossible` is a proof. It is a backtracking
 * search with unit propagation (Davis, Logemann and Loveland, 1962), over classes in place of truth values.
 */
export function search(position: Position, budget: Budget): Search {
  const eased = ease(position, budget)
  if (eased === undefined) return { kind: 'impossible' }
  const { domains, choices } = eased
  if (choices.length === 0) return { kind: 'found', domains }
  const choice = choices.reduce((best, other) => (other.members.length < best.members.length ? other : best))
  const ruledOut: Formula[] = []
  for (const member of choice.members) {
    if (budget.stepsLeft < 0) return { kind: 'gave_up' }
    const next = narrow(eased, [member, ...ruledOut], budget)
    const found: Search = next === undefined ? { kind: 'impossible' } : search(next, budget)
    if (found.kind !== 'impossible') return found
    ruledOut.push(opposite(member))
  }
  return { kind: 'impossible' }
}

/** One point of what a search found: each dimension in the plainest class of its domain. */
export function plainestPoint(domains: readonly bigint[]): readonly bigint[] {
  return domains.map((domain) => domain & -domain)
}

/** Whether a formula is true at a point. */
export function isTrueAt(point: readonly bigint[], formula: Formula, budget: Budget): boolean {
  return verdict(formula, point, budget) === 'met'
}

/** The position with more statements to be true; undefined when it can be seen that they cannot be. */
export function narrow(position: Position, statements: readonly Formula[], budget: Budget): Position | undefined {
  const domains = [...position.domains]
  let waiting: readonly Formula[] = [...position.choices, ...statements]
  for (;;) {
    const choices: Group[] = []
    const outcome = assertAll(waiting, domains, choices, budget)
    if (outcome === 'impossible') return undefined
    if (outcome === 'same' || choices.length === 0) return { domains, choices }
    waiting = choices
  }
}

/** Narrows `domains` in place, and collects the choices that are left. */
function assertAll(
  statements: readonly Formula[],
  domains: bigint[],
  choices: Group[],
  budget: Budget,
): 'impossible' | 'changed' | 'same' {
  const stack = [...statements]
  let outcome: 'changed' | 'same' = 'same'
  for (let formula = stack.pop(); formula !== undefined; formula = stack.pop()) {
    budget.stepsLeft -= 1
    if (formula.kind === 'every') {
      stack.push(...formula.members)
    } else if (formula.kind === 'atom') {
      const before = domains[formula.dimension.index] ?? 0n
      const after = before & formula.classes
      if (after === 0n) return 'impossible'
      if (after !== before) outcome = 'changed'
      domains[formula.dimension.index] = after
    } else {
      const verdicts = formula.members.map((member) => verdict(member, domains, budget))
      if (verdicts.includes('met')) continue
      const members = formula.members.filter((_, index) => verdicts[index] === 'open')
      if (members.length === 0) return 'impossible'
      if (members.length === 1) stack.push(...members)
      else choices.push({ kind: 'some', members })
    }
  }
  return outcome
}

type Verdict = 'met' | 'impossible' | 'open'

function verdict(formula: Formula, domains: readonly bigint[], budget: Budget): Verdict {
  budget.stepsLeft -= 1
  if (formula.kind === 'atom') {
    const domain = domains[formula.dimension.index] ?? 0n
    const left = domain & formula.classes
    if (left === 0n) return 'impossible'
    return left === domain ? 'met' : 'open'
  }
  const decisive = formula.kind === 'every' ? 'impossible' : 'met'
  let isOpen = false
  for (const member of formula.members) {
    const one = verdict(member, domains, budget)
    if (one === decisive) return one
    isOpen ||= one === 'open'
  }
  if (isOpen) return 'open'
  return decisive === 'met' ? 'impossible' : 'met'
}

/**
 * Settles the dimensions of which all open choices want the same: as no formula has a negation, a class that suits every
 * atom can only help. Without it, choices that have nothing to do with one another would multiply.
 */
function ease(position: Position, budget: Budget): Position | undefined {
  let eased: Position | undefined = position
  while (eased !== undefined && eased.choices.length > 0 && budget.stepsLeft >= 0) {
    const suits = new Map<number, bigint>()
    for (const choice of eased.choices) collectSuits(choice, eased.domains, suits)
    const { domains }: Position = eased
    const settled = [...suits].filter(([index, classes]) => classes !== 0n && classes !== domains[index])
    if (settled.length === 0) return eased
    const next: bigint[] = [...domains]
    for (const [index, classes] of settled) next[index] = classes
    eased = narrow({ domains: next, choices: eased.choices }, [], budget)
  }
  return eased
}

function collectSuits(formula: Formula, domains: readonly bigint[], suits: Map<number, bigint>): void {
  if (formula.kind === 'atom') {
    const { index } = formula.dimension
    suits.set(index, (suits.get(index) ?? domains[index] ?? 0n) & formula.classes)
  } else {
    for (const member of formula.members) collectSuits(member, domains, suits)
  }
}
