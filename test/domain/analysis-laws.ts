import type { RuleWarning } from '../../src/domain/analysis/rule-warning.ts'
import type { Conditions } from '../../src/domain/conditions.ts'
import type { FactValue } from '../../src/domain/facts.ts'
import { listensTo } from '../../src/domain/listening.ts'
import { leafTest, type Truth } from '../../src/domain/operators.ts'
import type { RuleDocument } from '../../src/domain/rule.ts'
import { inOrderTried } from '../../src/domain/ruleset.ts'
import { isOpen } from '../../src/domain/schedule.ts'
import { EVENTS, FACT_VALUES, MOMENTS, type Random } from './analysis-rulesets.ts'

/** What random chats said about the claims of an analysis. */
export interface Trial {
  /** Claims that a chat refutes, in words. */
  readonly refuted: readonly string[]
  /** Enabled rules that won no chat, and of these the ones that the analysis says can win none. */
  readonly winless: number
  readonly winlessExplained: number
}

const FACTS = ['event', ...FACT_VALUES.keys()]
const POOLS: readonly (readonly (FactValue | undefined)[])[] = [EVENTS, ...FACT_VALUES.values()]
const MOMENT = FACTS.length

/** A chat is the index of each fact's value in its pool, and of its moment. */
type Chat = Uint8Array
type Judge = (chat: Chat) => Truth

/**
 * Holds "never matches", "never reached", "always matches" and "redundant" against random chats. Judged by a small
 * evaluator of its own over tables of what the real operators say, as a billion chats have to be judged.
 */
export function tryClaims(
  rules: readonly RuleDocument[],
  warnings: readonly RuleWarning[],
  chats: number,
  random: Random,
): Trial {
  const judged = rules
    .filter(({ status }) => status !== 'disabled')
    .toSorted(inOrderTried)
    .map(judgeRule)
  const claims = judged.flatMap((rule, index) => claimsOf(rule, judged.slice(0, index), warnings))
  const refuted = new Set<string>()
  const chat = new Uint8Array(MOMENT + 1)
  const winners = new Set<string>()
  for (let count = 0; count < chats; count++) {
    for (let fact = 0; fact < MOMENT; fact++) chat[fact] = random() * (POOLS[fact]?.length ?? 0)
    chat[MOMENT] = random() * MOMENTS.length
    for (const claim of claims) if (claim.isRefutedBy(chat)) refuted.add(claim.words)
    if (count >= WINNERS_COUNTED) continue
    const winner = judged.find(({ document, matches }) => document.status === 'enabled' && matches(chat))
    if (winner !== undefined) winners.add(winner.document.key)
    if (claims.length === 0 && count + 1 === WINNERS_COUNTED) break
  }
  const winless = judged.filter(({ document }) => document.status === 'enabled' && !winners.has(document.key))
  const isExplained = ({ document }: JudgedRule) =>
    warnings.some(({ rule, code }) => rule === document.key && (code === 'never_matches' || code === 'never_reached'))
  return { refuted: [...refuted], winless: winless.length, winlessExplained: winless.filter(isExplained).length }
}

/** Enough to see which rules win; where nothing is claimed, more chats could refute nothing. */
const WINNERS_COUNTED = 2_000

interface JudgedRule {
  readonly document: RuleDocument
  readonly isTried: (chat: Chat) => boolean
  readonly isTrue: (chat: Chat) => boolean
  readonly matches: (chat: Chat) => boolean
}

function judgeRule(document: RuleDocument): JudgedRule {
  const judge = judgeOf(document.conditions)
  const isTried = judgeOccasion(document)
  const isTrue = (chat: Chat) => judge(chat) === true
  return { document, isTried, isTrue, matches: (chat) => isTried(chat) && isTrue(chat) }
}

function judgeOccasion(document: RuleDocument): (chat: Chat) => boolean {
  const listens = EVENTS.map((event) => listensTo(document, event))
  const { schedule } = document
  const open = MOMENTS.map((moment) => schedule === undefined || isOpen(schedule, new Date(moment)))
  return (chat) => listens[chat[0] ?? 0] === true && open[chat[MOMENT] ?? 0] === true
}

function judgeOf(node: Conditions): Judge {
  if ('not' in node) {
    const judge = judgeOf(node.not)
    return (chat) => negated(judge(chat))
  }
  if ('all' in node) return allOf(node.all.map(judgeOf))
  if ('any' in node) {
    const noneOf = allOf(node.any.map(judgeOf).map((judge) => (chat) => negated(judge(chat))))
    return (chat) => negated(noneOf(chat))
  }
  const fact = FACTS.indexOf(node.fact)
  const table = (POOLS[fact] ?? []).map(leafTest(node))
  return (chat) => table[chat[fact] ?? 0]
}

function allOf(judges: readonly Judge[]): Judge {
  return (chat) => {
    let result: Truth = true
    for (const judge of judges) {
      const truth = judge(chat)
      if (truth === false) return false
      if (truth === undefined) result = undefined
    }
    return result
  }
}

function negated(truth: Truth): Truth {
  return truth === undefined ? undefined : !truth
}

interface Claim {
  readonly words: string
  readonly isRefutedBy: (chat: Chat) => boolean
}

function claimsOf(rule: JudgedRule, before: readonly JudgedRule[], warnings: readonly RuleWarning[]): Claim[] {
  const { key, conditions } = rule.document
  const own = warnings.filter((warning) => warning.rule === key && warning.certainty === 'certain')
  const redundant = own.filter(({ code }) => code === 'redundant_condition').map(({ pointer }) => pointer)
  const shorter = judgeOf(withoutPointers(conditions, new Set(redundant)))
  const triedMore = judgeOccasion(withoutWindows(rule.document, redundant))
  const rivals = before.filter(({ document }) => document.status === 'enabled')
  const refutations: Partial<Record<RuleWarning['code'], Claim['isRefutedBy']>> = {
    never_matches: rule.matches,
    never_reached: (chat) => rule.matches(chat) && !rivals.some(({ matches }) => matches(chat)),
    always_matches: (chat) => rule.isTried(chat) && !rule.isTrue(chat),
    redundant_condition: (chat) =>
      rule.isTried(chat) !== triedMore(chat) || (rule.isTried(chat) && rule.isTrue(chat) !== (shorter(chat) === true)),
  }
  return [...new Set(own.map(({ code }) => code))].flatMap((code) => {
    const isRefutedBy = refutations[code]
    return isRefutedBy === undefined ? [] : [{ words: `${key}: ${code}`, isRefutedBy }]
  })
}

/** The rule without what is at some pointers in its schedule. */
function withoutWindows({ schedule, ...rest }: RuleDocument, pointers: readonly string[]): RuleDocument {
  if (schedule === undefined || pointers.includes('/schedule')) return rest
  const windows = schedule.windows.filter((_, index) => !pointers.includes(`/schedule/windows/${index}`))
  return { ...rest, schedule: { ...schedule, windows } }
}

/** The conditions without what is at some pointers. */
export function withoutPointers(node: Conditions, pointers: ReadonlySet<string>, pointer = '/conditions'): Conditions {
  if ('not' in node) return { not: withoutPointers(node.not, pointers, `${pointer}/not`) }
  const shorten = (kind: string, members: readonly Conditions[]) =>
    members.flatMap((member, index) => {
      const at = `${pointer}/${kind}/${index}`
      return pointers.has(at) ? [] : [withoutPointers(member, pointers, at)]
    })
  if ('all' in node) return { all: shorten('all', node.all) }
  return 'any' in node ? { any: shorten('any', node.any) } : node
}
