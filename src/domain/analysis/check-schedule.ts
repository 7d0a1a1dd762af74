import type { Schedule } from '../rule.ts'
import { MINUTES_A_WEEK, openingsOf } from '../schedule.ts'
import { type ExampleFinder, matchesExample } from './find-example.ts'
import type { RuleWarning } from './rule-warning.ts'
import type { ModelledRule, RulesModel } from './rules-model.ts'
import { solve } from './search.ts'

/** Whether a rule is never tried, whatever its conditions, as it wants to be outside of windows that leave nothing out. */
export function isNeverOpen(model: RulesModel, { occasion }: ModelledRule): boolean {
  return solve(model.start, [occasion]).kind === 'impossible'
}

/** Warns of a rule that its schedule never lets be tried. */
export function warnNeverOpen({ document: { key } }: ModelledRule): RuleWarning {
  const message =
    'No chat can match this rule, because its windows cover the whole week and "outside" is true, so its schedule never ' +
    'opens. Correct the windows, or remove "outside".'
  const pointer = '/schedule'
  return { rule: key, code: 'never_matches', pointer, message, certainty: 'certain', others: [], witness: null }
}

/**
 * Warns of a schedule that is always open, or else of windows which the others cover; of two that are the same, the later
 * one is named. The rule must match some chats.
 */
export function warnPointlessSchedule(examples: ExampleFinder, rule: ModelledRule): RuleWarning[] {
  const { schedule, key } = rule.document
  if (schedule === undefined) return []
  const confirms = (one: RuleWarning['witness']) => one !== null && matchesExample(rule, one)
  return findPointless(schedule).map(({ pointer, what }) => {
    const message = `${what}. Remove it, or correct it if something else was meant.`
    const witness = examples.show([rule.matches], confirms)
    return { rule: key, code: 'redundant_condition', pointer, message, certainty: 'certain', others: [], witness }
  })
}

interface Pointless {
  readonly pointer: string
  readonly what: string
}

function findPointless({ windows }: Schedule): Pointless[] {
  const timesOpen = new Uint8Array(MINUTES_A_WEEK)
  const add = ([from, to]: readonly [number, number], change: 1 | -1) => {
    for (let minute = from; minute < to; minute++) timesOpen[minute] = (timesOpen[minute] ?? 0) + change
  }
  for (const opening of windows.flatMap(openingsOf)) add(opening, 1)
  if (!timesOpen.includes(0)) {
    return [{ pointer: '/schedule', what: 'This schedule changes nothing, as its windows cover the whole week' }]
  }
  const covered: Pointless[] = []
  for (const [index, window] of [...windows.entries()].toReversed()) {
    const openings = openingsOf(window)
    if (openings.some(([from, to]) => timesOpen.subarray(from, to).includes(1))) continue
    for (const opening of openings) add(opening, -1)
    const what = `This window, ${window.from} to ${window.to}, changes nothing, as the other windows cover it`
    covered.push({ pointer: `/schedule/windows/${index}`, what })
  }
  return covered
}
