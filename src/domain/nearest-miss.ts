import { whyNotMatched } from './explain-why.ts'
import type { ConditionExplanation, LeafExplanation, RuleExplanation } from './explanation.ts'
import type { IsOpen } from './facts.ts'

/** An enabled rule that was tried and did not match, and the fewest conditions that would have to come out otherwise. */
export interface NearMiss {
  readonly rule: string
  /** How many conditions that is. */
  readonly away: number
  readonly conditions: readonly MissedCondition[]
  /** A sentence for a support lead: `one condition away: plan is "pro", the rule wants "enterprise"`. */
  readonly message: string
}

export type MissedCondition = Pick<LeafExplanation, 'pointer' | 'fact' | 'operator' | 'value' | 'actual'>

const MISSES_MAX = 10
const OBSTACLES_TOLD_MAX = 3

/** The rules that came nearest to matching, the nearest first, then in the order tried; at most ten. */
export function nearestMisses(explanation: readonly RuleExplanation[], isOpen: IsOpen): NearMiss[] {
  return explanation
    .filter(({ status, result }) => status === 'enabled' && (result === 'no_match' || result === 'unknown'))
    .map(({ rule, conditions }) => ({ rule, obstacles: fewestObstacles(conditions, true) }))
    .filter(({ obstacles }) => obstacles.length > 0) // a rule that could not be evaluated has no conditions to tell of
    .toSorted((a, b) => a.obstacles.length - b.obstacles.length)
    .slice(0, MISSES_MAX)
    .map(({ rule, obstacles }) => toMiss(rule, obstacles, isOpen))
}

/** A condition that came out as it must not; without `wanted` it stands under a `not`. */
interface Obstacle {
  readonly leaf: LeafExplanation
  readonly wanted: boolean
}

/** Of Kleene logic: `all` needs every member to change that is not as wanted, `any` the cheapest one; `not` swaps them. */
function fewestObstacles(condition: ConditionExplanation, wanted: boolean): readonly Obstacle[] {
  if (condition.result === (wanted ? 'match' : 'no_match')) return []
  if ('not' in condition) return fewestObstacles(condition.not, !wanted)
  if ('fact' in condition) return [{ leaf: condition, wanted }]
  const members = 'all' in condition ? condition.all : condition.any
  const obstacles = members.map((member) => fewestObstacles(member, wanted))
  if ('all' in condition === wanted) return obstacles.flat()
  return obstacles.reduce((fewest, next) => (next.length < fewest.length ? next : fewest), obstacles[0] ?? [])
}

function toMiss(rule: string, obstacles: readonly Obstacle[], isOpen: IsOpen): NearMiss {
  const conditions = obstacles.map(({ leaf: { pointer, fact, operator, value, actual } }) => {
    return { pointer, fact, operator, value, actual }
  })
  const away = obstacles.length
  const distance = away === 1 ? 'one condition away' : `${away} conditions away`
  const told = obstacles.slice(0, OBSTACLES_TOLD_MAX).map((obstacle) => obstacleSentence(obstacle, isOpen))
  const rest = away - told.length
  return { rule, away, conditions, message: `${distance}: ${told.join('; ')}${rest > 0 ? `; and ${rest} more` : ''}` }
}

/** The explanation's own words for a tree of this one condition. */
function obstacleSentence(obstacle: Obstacle, isOpen: IsOpen): string {
  return whyNotMatched(treeOf(obstacle), isOpen).replace(/\.$/, '')
}

/** What it wants is said also of a fact that is not known, but not of one that its operator cannot judge: the two may look the same. */
function treeOf({ leaf, wanted }: Obstacle): ConditionExplanation {
  if (leaf.result === 'unknown' && leaf.actual !== null) return leaf
  if (wanted) return { ...leaf, result: 'no_match' }
  return { pointer: leaf.pointer, not: { ...leaf, result: 'match' }, result: 'no_match' }
}
