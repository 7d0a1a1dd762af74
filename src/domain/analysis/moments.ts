import type { Schedule } from '../rule.ts'
import { isOpen } from '../schedule.ts'

/** Whether the windows of a schedule are to be open or closed. */
export interface ScheduleWish {
  readonly schedule: Schedule
  readonly isOpen: boolean
}

/** The first of two weeks' half hours at which all wishes are met; undefined when there is none. */
export type FindMoment = (wishes: readonly ScheduleWish[]) => Date | undefined

const HALF_HOUR_MS = 30 * 60_000
const HALF_HOURS_A_WEEK = 7 * 48

/** A week in winter and one in summer, from Monday: clocks differ between zones, and zones change theirs. */
const MOMENTS: readonly Date[] = ['2026-03-02T00:00:00Z', '2026-07-06T00:00:00Z'].flatMap((monday) =>
  Array.from({ length: HALF_HOURS_A_WEEK }, (_, index) => new Date(Date.parse(monday) + index * HALF_HOUR_MS)),
)

/** Remembers when schedules are open: working it out takes milliseconds for each. */
export function createFindMoment(): FindMoment {
  const known = new Map<Schedule, readonly boolean[]>()
  function openMoments(schedule: Schedule): readonly boolean[] {
    const moments = known.get(schedule) ?? MOMENTS.map((moment) => isOpen(schedule, moment))
    known.set(schedule, moments)
    return moments
  }
  return (wishes) => {
    const timetables = wishes.map((wish) => ({ wish, moments: openMoments(wish.schedule) }))
    return MOMENTS.find((_, index) => timetables.every(({ wish, moments }) => moments[index] === wish.isOpen))
  }
}
