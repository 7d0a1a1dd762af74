import { test } from 'tap'
import type { Schedule } from '../../src/domain/rule.ts'
import { clockTime, isOpen, MINUTES_A_WEEK, minuteOfWeek, openingsOf } from '../../src/domain/schedule.ts'

const WORKDAYS = [1, 2, 3, 4, 5]
const EVERY_DAY = [1, 2, 3, 4, 5, 6, 7]

function buildSchedule(timezone: string, days: number[], from: string, to: string, outside?: boolean): Schedule {
  return { timezone, windows: [{ days, from, to }], ...(outside === undefined ? {} : { outside }) }
}

const officeHours = buildSchedule('Europe/Berlin', WORKDAYS, '09:00', '18:00')
const night = buildSchedule('Europe/Berlin', [7], '22:00', '02:00')
const dstNight = buildSchedule('Europe/Berlin', EVERY_DAY, '02:00', '03:00')

const CASES: readonly (readonly [title: string, schedule: Schedule, at: string, open: boolean])[] = [
  ['a window begins with its first minute', officeHours, '2026-03-02T09:00:00+01:00', true],
  ['a window has not begun a second earlier', officeHours, '2026-03-02T08:59:59+01:00', false],
  ['a window is open to the last second', officeHours, '2026-03-02T17:59:59+01:00', true],
  ['a window ends before its last minute', officeHours, '2026-03-02T18:00:00+01:00', false],
  ['Saturday is no working day', officeHours, '2026-03-07T12:00:00+01:00', false],
  ['the day is that of the zone, not of UTC', officeHours, '2026-03-01T23:30:00Z', false],
  ['a window over midnight is open in the evening of its day', night, '2026-03-01T22:00:00+01:00', true],
  ['a window over midnight belongs to the day it starts', night, '2026-03-02T01:59:00+01:00', true],
  ['a window over midnight ends on the next day', night, '2026-03-02T02:00:00+01:00', false],
  ['a window over midnight does not reach into its own morning', night, '2026-03-01T01:00:00+01:00', false],
  ['24:00 ends with the day', buildSchedule('UTC', [1], '18:00', '24:00'), '2026-03-02T23:59:59Z', true],
  ['24:00 is not the next day', buildSchedule('UTC', [1], '18:00', '24:00'), '2026-03-03T00:00:00Z', false],
  ['00:00 as the end is midnight, too', buildSchedule('UTC', [1], '18:00', '00:00'), '2026-03-02T23:59:59Z', true],
  ['00:00 as the end is not the next day', buildSchedule('UTC', [1], '18:00', '00:00'), '2026-03-03T00:00:00Z', false],
  ['midnight is 00:00', buildSchedule('UTC', [1], '00:00', '00:01'), '2026-03-02T00:00:30Z', true],
  [
    'outside turns inside out',
    buildSchedule('Europe/Berlin', WORKDAYS, '09:00', '18:00', true),
    '2026-03-02T09:00:00+01:00',
    false,
  ],
  [
    'outside is open at the weekend',
    buildSchedule('Europe/Berlin', WORKDAYS, '09:00', '18:00', true),
    '2026-03-07T12:00:00+01:00',
    true,
  ],
  ['in winter 08:00 UTC is 09:00 in Berlin', officeHours, '2026-03-27T08:00:00Z', true],
  ['in summer 07:00 UTC is 09:00 in Berlin', officeHours, '2026-03-30T07:00:00Z', true],
  ['in winter again 07:00 UTC is too early', officeHours, '2026-10-26T07:00:00Z', false],
  ['before the clocks go forward it is 01:59', dstNight, '2026-03-29T00:59:59Z', false],
  ['an hour that the clocks skip never opens', dstNight, '2026-03-29T01:00:00Z', false],
  ['an hour that the clocks repeat opens the first time', dstNight, '2026-10-25T00:30:00Z', true],
  ['an hour that the clocks repeat opens the second time', dstNight, '2026-10-25T01:30:00Z', true],
  ['after the repeated hour it closes', dstNight, '2026-10-25T02:00:00Z', false],
  ['Kolkata is 5:30 ahead', buildSchedule('Asia/Kolkata', [1], '09:00', '10:00'), '2026-03-02T03:30:00Z', true],
  ['Kolkata is not 5:00 ahead', buildSchedule('Asia/Kolkata', [1], '09:00', '10:00'), '2026-03-02T04:30:00Z', false],
  ["St John's is 3:30 behind", buildSchedule('America/St_Johns', [1], '09:00', '10:00'), '2026-03-02T12:30:00Z', true],
  [
    "St John's is 2:30 behind in summer",
    buildSchedule('America/St_Johns', [1], '09:00', '10:00'),
    '2026-07-06T11:30:00Z',
    true,
  ],
]

for (const [title, schedule, at, open] of CASES) {
  test(title, async (t) => {
    t.equal(isOpen(schedule, new Date(at)), open)
  })
}

test('of several windows one is enough', async (t) => {
  const windows = [
    { days: [1], from: '08:00', to: '12:00' },
    { days: [1], from: '13:00', to: '17:00' },
  ]
  t.equal(isOpen({ timezone: 'UTC', windows }, new Date('2026-03-02T13:00:00Z')), true)
  t.equal(isOpen({ timezone: 'UTC', windows }, new Date('2026-03-02T12:30:00Z')), false)
})

test('a time zone that does not exist is an error', async (t) => {
  t.throws(() => isOpen(buildSchedule('Europe/Nowhere', [1], '09:00', '10:00'), new Date(0)), RangeError)
})

test('a moment is told by the clock of the zone', async (t) => {
  t.equal(clockTime('Europe/Berlin', new Date('2026-03-01T23:05:59Z')), 'Monday, 00:05')
  t.equal(clockTime('Europe/Berlin', new Date('2026-03-29T01:00:00Z')), 'Sunday, 03:00')
  t.equal(clockTime('Asia/Kathmandu', new Date('2026-03-01T23:05:00Z')), 'Monday, 04:50')
})

test('a zone whose name is written in other letters costs no formatter of its own', async (t) => {
  const names = ['Pacific/Chatham', 'PACIFIC/CHATHAM', 'pacific/Chatham', 'Pacific/chatham']
  const made = t.capture(Intl, 'DateTimeFormat', Intl.DateTimeFormat)
  for (const name of names) t.equal(clockTime(name, new Date('2026-03-02T12:00:00Z')), 'Tuesday, 01:45')
  t.equal(made().length, 1)
})

test('the openings of a window are the minutes of the week at which it is open', async (t) => {
  const monday = Date.parse('2026-03-02T00:00:00Z')
  const moments = Array.from({ length: MINUTES_A_WEEK }, (_, minute) => new Date(monday + minute * 60_000))
  const windows = [
    { days: [2, 4], from: '09:00', to: '18:00' },
    { days: [1, 7], from: '22:30', to: '02:00' },
    { days: [3, 7], from: '18:00', to: '24:00' },
    { days: [5, 7], from: '18:00', to: '00:00' },
    { days: EVERY_DAY, from: '12:00', to: '11:59' },
  ]
  for (const window of windows) {
    const open = moments.filter((moment) => isOpen({ timezone: 'UTC', windows: [window] }, moment))
    const expected = open.map((moment) => minuteOfWeek('UTC', moment))
    const minutes = openingsOf(window).flatMap(([from, to]) =>
      Array.from({ length: to - from }, (_, index) => from + index),
    )
    t.strictSame(
      [...new Set(minutes)].toSorted((a, b) => a - b),
      expected,
      window.from,
    )
  }
})
