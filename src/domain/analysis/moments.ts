import { MINUTES_A_WEEK, minuteOfWeek } from '../schedule.ts'
import type { WeekPart } from './week.ts'

/** That it is a minute of some classes, by the clock of a zone. */
export interface TimeWish {
  readonly week: WeekPart
  readonly classes: bigint
}

/** A moment of two weeks at which all wishes are met, a half hour if one does; undefined when there is none. */
export type FindMoment = (wishes: readonly TimeWish[]) => Date | undefined

const MINUTE_MS = 60_000
const HALF_HOUR = 30
const HALF_HOURS_A_WEEK = MINUTES_A_WEEK / HALF_HOUR

/** A week in winter and one in summer, from Monday: clocks differ between zones, and zones change theirs. */
const HALF_HOURS: readonly Date[] = ['2026-03-02T00:00:00Z', '2026-07-06T00:00:00Z'].flatMap((monday) =>
  Array.from({ length: HALF_HOURS_A_WEEK }, (_, index) => new Date(Date.parse(monday) + index * HALF_HOUR * MINUTE_MS)),
)

/** Remembers what time it is where: working it out takes microseconds for each half hour. */
export function createFindMoment(weeks: readonly WeekPart[]): FindMoment {
  const times = new Map(weeks.map((week) => [week, new Map<Date, number>()]))
  function timeIn(week: WeekPart, halfHour: Date): number {
    const known = times.get(week)?.get(halfHour)
    const minute = known ?? minuteOfWeek(week.timezone, halfHour)
    if (known === undefined) times.get(week)?.set(halfHour, minute)
    return minute
  }
  const minutesAfter = [...new Set([0, ...weeks.flatMap(beginnings)])]
  return (wishes) => {
    for (const later of minutesAfter) {
      const halfHour = HALF_HOURS.find((one) => wishes.every((wish) => isMet(wish, timeIn(wish.week, one) + later)))
      if (halfHour !== undefined) return new Date(halfHour.getTime() + later * MINUTE_MS)
    }
    return undefined
  }
}

/**
 * How many minutes after a half hour a class begins. Where all wishes are met at all, they are so from such a minute on;
 * clocks differ by quarters of an hour.
 */
function beginnings({ classes }: WeekPart): number[] {
  const minutes = [...classes.keys()].filter((minute) => classes[minute] !== classes.at(minute - 1))
  return minutes.flatMap((minute) => [minute % HALF_HOUR, (minute + HALF_HOUR / 2) % HALF_HOUR])
}

function isMet({ week, classes }: TimeWish, minute: number): boolean {
  return ((classes >> BigInt(week.classes[minute % MINUTES_A_WEEK] ?? 0)) & 1n) === 1n
}
