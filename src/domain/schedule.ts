import type { Schedule } from './rule.ts'

/** Whether the schedule is open at a moment, by the clock on the wall of its time zone. Throws for an unknown zone. */
export function isOpen(schedule: Schedule, at: Date): boolean {
  const { day, minute } = wallClock(schedule.timezone, at)
  const inside = schedule.windows.some((window) => isInside(window, day, minute))
  return schedule.outside === true ? !inside : inside
}

/** A moment by the same clock, for people: `Saturday, 03:05`. */
export function clockTime(timezone: string, at: Date): string {
  const { day, minute } = wallClock(timezone, at)
  const [hours, minutes] = [Math.floor(minute / 60), minute % 60].map((part) => String(part).padStart(2, '0'))
  return `${WEEKDAYS[day - 1]}, ${hours}:${minutes}`
}

/** From Monday's first minute, by a clock on the wall. */
export const MINUTES_A_WEEK = 7 * 24 * 60

/** A moment by the same clock, as the minute of the week. */
export function minuteOfWeek(timezone: string, at: Date): number {
  const { day, minute } = wallClock(timezone, at)
  return (day - 1) * MINUTES_A_DAY + minute
}

/** From which minute of the week to before which one a window is open; one that crosses Sunday's midnight in two parts. */
export function openingsOf(window: Window): [from: number, to: number][] {
  const from = minuteOf(window.from)
  const to = minuteOf(window.to)
  const length = from < to ? to - from : to - from + MINUTES_A_DAY
  return window.days.flatMap((day): [number, number][] => {
    const start = (day - 1) * MINUTES_A_DAY + from
    const over = start + length - MINUTES_A_WEEK
    return over > 0
      ? [
          [start, MINUTES_A_WEEK],
          [0, over],
        ]
      : [[start, start + length]]
  })
}

/** The one name of a zone that has several, such as "Europe/Kiev" and "europe/kyiv". Throws for an unknown zone. */
export function zoneOf(timezone: string): string {
  return formatterOf(timezone).resolvedOptions().timeZone
}

const MINUTES_A_DAY = 24 * 60

type Window = Schedule['windows'][number]

/** `day` is ISO, 1 = Monday; `minute` counts from midnight. */
function isInside(window: Window, day: number, minute: number): boolean {
  const from = minuteOf(window.from)
  const to = minuteOf(window.to)
  if (from < to) return window.days.includes(day) && from <= minute && minute < to
  // It crosses midnight: the part after it belongs to the day before.
  const dayBefore = day === 1 ? 7 : day - 1
  return (window.days.includes(day) && from <= minute) || (window.days.includes(dayBefore) && minute < to)
}

function minuteOf(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3))
}

const WEEKDAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']

// A formatter costs tens of microseconds to make and is asked for on every event; there are only some hundred zones, by their
// names in small letters: written in all ways, which Intl takes, they would use up the memory.
const formatters = new Map<string, Intl.DateTimeFormat>()

function wallClock(timeZone: string, at: Date): { day: number; minute: number } {
  const parts = new Map(
    formatterOf(timeZone)
      .formatToParts(at)
      .map((part) => [part.type, part.value]),
  )
  return {
    day: WEEKDAYS.indexOf(parts.get('weekday') ?? '') + 1,
    minute: Number(parts.get('hour')) * 60 + Number(parts.get('minute')),
  }
}

function formatterOf(timeZone: string): Intl.DateTimeFormat {
  const zone = timeZone.toLowerCase()
  const cached = formatters.get(zone)
  if (cached !== undefined) return cached
  const formatter = new Intl.DateTimeFormat('en-US', {
    timeZone,
    weekday: 'long',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  })
  formatters.set(zone, formatter)
  return formatter
}
