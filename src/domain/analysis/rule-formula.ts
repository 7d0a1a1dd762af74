import { listensTo } from '../listening.ts'
import type { PreparedCondition } from '../prepared-conditions.ts'
import type { RuleDocument } from '../rule.ts'
import { every, type Formula, opposite, some } from './formula.ts'
import { classesWhere, leafFormula } from './leaf-formula.ts'
import type { Space } from './space.ts'

/**
 * That conditions are true for certain, with negation pushed down to the leaves as in the engine. What is at the pointers
 * in `leftOut` counts as not written; of each group something must be left.
 */
export function conditionsFormula(
  space: Space,
  condition: PreparedCondition,
  leftOut: ReadonlySet<string> = new Set(),
): Formula {
  return signedFormula(space, condition, true, leftOut)
}

function signedFormula(
  space: Space,
  condition: PreparedCondition,
  holds: boolean,
  leftOut: ReadonlySet<string>,
): Formula {
  switch (condition.kind) {
    case 'leaf':
      return leafFormula(space, condition, holds)
    case 'not':
      return signedFormula(space, condition.member, !holds, leftOut)
    default: {
      const members = condition.members.filter(({ pointer }) => !leftOut.has(pointer))
      const combine = (condition.kind === 'all') === holds ? every : some
      return combine(members.map((member) => signedFormula(space, member, holds, leftOut)))
    }
  }
}

/** That a rule is tried at all: it listens to the event, and its schedule is open. */
export function occasionFormula(space: Space, rule: RuleDocument): Formula {
  const listens = classesWhere(space.fact('event'), ({ value }) => listensTo(rule, String(value)))
  if (rule.schedule === undefined) return listens
  const open = space.windowsOpen(rule.schedule)
  return every([listens, rule.schedule.outside === true ? opposite(open) : open])
}
