import type { Schedule } from '../rule.ts'
import { MINUTES_A_WEEK, openingsOf, zoneOf } from '../schedule.ts'
import { atom, type Dimension, type Formula } from './formula.ts'

/** The time on the wall of a zone: which class the minute of the week is of. No schedule tells minutes of one class apart. */
export interface WeekPart {
  readonly kind: 'week'
  readonly dimension: Dimension
  readonly timezone: string
  /** The class of each minute. */
  readonly classes: Uint16Array
}

/** The weeks of all zones in which rules have schedules, and when the windows of each schedule are open. */
export interface Weeks {
  readonly parts: readonly WeekPart[]
  /** That a window is open, `outside` aside; only of the schedules that the weeks were made of. */
  windowsOpen(schedule: Schedule): Formula
}

/** Divides the weeks; their dimensions begin with `firstIndex`. */
export function createWeeks(schedules: readonly Schedule[], firstIndex: number): Weeks {
  const open = new Map<string, Formula>()
  const byZone = Map.groupBy(schedules, ({ timezone }) => zoneOf(timezone))
  const parts = [...byZone].map(([timezone, ofZone], index): WeekPart => {
    const timetables = new Map(ofZone.map((schedule) => [identityOf(schedule), timetableOf(schedule)]))
    const classes = divide([...timetables.values()])
    const samples = firstMinutes(classes)
    const dimension = { index: firstIndex + index, every: (1n << BigInt(samples.length)) - 1n }
    for (const [identity, timetable] of timetables) {
      const bits = samples.map((minute) => timetable[minute]).reverse()
      open.set(identity, atom(dimension, BigInt(`0b${bits.join('')}`)))
    }
    return { kind: 'week', dimension, timezone, classes }
  })
  return {
    parts,
    windowsOpen(schedule) {
      const formula = open.get(identityOf(schedule))
      if (formula === undefined) throw new Error('The weeks were made without this schedule.')
      return formula
    },
  }
}

function identityOf({ timezone, windows }: Schedule): string {
  return JSON.stringify([zoneOf(timezone), windows])
}

/** 1 for each minute in which a window is open. */
function timetableOf({ windows }: Schedule): Uint8Array {
  const timetable = new Uint8Array(MINUTES_A_WEEK)
  for (const [from, to] of windows.flatMap(openingsOf)) timetable.fill(1, from, to)
  return timetable
}

/** Numbers classes by their first minutes, so that each timetable is the same for all minutes of a class. */
function divide(timetables: readonly Uint8Array[]): Uint16Array {
  let classes = new Uint16Array(MINUTES_A_WEEK)
  for (const timetable of timetables) {
    const numbers = new Int16Array(2 * MINUTES_A_WEEK).fill(-1)
    let count = 0
    classes = classes.map((before, minute) => {
      const half = before * 2 + (timetable[minute] ?? 0)
      if (numbers[half] === -1) numbers[half] = count++
      return numbers[half] ?? 0
    })
  }
  return classes
}

function firstMinutes(classes: Uint16Array): number[] {
  const first = new Map<number, number>()
  for (const [minute, number] of classes.entries()) if (!first.has(number)) first.set(number, minute)
  return [...first.values()]
}
