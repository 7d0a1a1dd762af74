import type { Conditions, Leaf } from '../../src/domain/conditions.ts'
import type { FactValue } from '../../src/domain/facts.ts'
import type { RuleDocument, Schedule } from '../../src/domain/rule.ts'

/** Chance for tests that must be repeatable: numbers from 0 (included) to 1. */
export type Random = () => number

/** The generator "mulberry32": good enough for test data, and the same on every machine. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export function pick<Value>(random: Random, values: readonly Value[]): Value {
  const value = values[Math.floor(random() * values.length)]
  if (value === undefined) throw new Error('There is nothing to pick from.')
  return value
}

/** Facts of every type with few values each, so that rules often contradict or hide one another. */
const TEXTS = new Map<string, readonly (string | number)[]>([
  ['language', ['de', 'fr', 'DE ']],
  ['plan', ['pro', 'free', 'Pro', '12', 12, 'pro 12']],
  ['message', ['invoice', 'error', 'invoice error']],
  ['custom.seats', [5, '5', '5.0', 10, 'many', '1e21', 1e21, 'true']],
])
const NUMBERS = [3, 5, 10]
const WORDS = ['pro', '#5', 'invoice', 'error', 'in', '1', 'de', 'many']
const PATTERNS = ['^pro', 'invoice|error', '[0-9]+', 'r$', '(?-i)Pro']
const MEMBERS = ['vip', 'VIP ', 'beta', 7, '7']
export const EVENTS = ['chat.new', 'chat.closed', 'message.chat.customer'] as const
const SCHEDULES: readonly Schedule[] = [
  { timezone: 'Europe/Kyiv', windows: [{ days: [1, 3], from: '10:00', to: '12:00' }] },
  { timezone: 'Europe/Kiev', windows: [{ days: [5, 6, 7], from: '17:00', to: '09:00' }] },
  { timezone: 'Europe/Kyiv', windows: [{ days: [1, 2, 3, 4, 7], from: '18:00', to: '09:00' }] },
  {
    timezone: 'Europe/Kyiv',
    windows: [
      { days: [1, 2, 3, 4, 5, 6, 7], from: '08:00', to: '24:00' },
      { days: [7], from: '00:00', to: '09:00' },
      { days: [6], from: '07:00', to: '12:00' },
      { days: [7, 1, 2, 3, 4, 5, 6], from: '20:00', to: '08:00' },
    ],
    outside: true,
  },
  {
    timezone: 'Europe/Kyiv',
    windows: [
      { days: [1, 2, 3, 4, 5, 6, 7], from: '08:00', to: '24:00' },
      { days: [6], from: '07:00', to: '12:00' },
      { days: [6], from: '08:00', to: '11:00' },
    ],
  },
  { timezone: 'Europe/Kyiv', windows: [{ days: [1, 2, 3, 4, 5], from: '09:00', to: '18:00' }] },
  { timezone: 'Europe/Kyiv', windows: [{ days: [1, 2, 3, 4, 5], from: '09:00', to: '18:00' }], outside: true },
  { timezone: 'Asia/Tokyo', windows: [{ days: [6, 7], from: '00:00', to: '24:00' }] },
]

/** A valid set of one to twelve rules. */
export function randomRules(random: Random): RuleDocument[] {
  return Array.from({ length: 1 + Math.floor(random() * 12) }, (_, index) => ({
    key: `rule-${index}`,
    name: `Rule ${index}`,
    status: random() < 0.8 ? 'enabled' : pick(random, ['draft', 'shadow', 'disabled'] as const),
    priority: 1 + Math.floor(random() * 4),
    ...(random() < 0.3 ? { events: EVENTS.filter((_, at) => at === index % EVENTS.length || random() < 0.4) } : {}),
    conditions: randomConditions(random, 3),
    ...(random() < 0.15 ? { schedule: pick(random, SCHEDULES) } : {}),
    department: 1 + Math.floor(random() * 3),
  }))
}

function randomConditions(random: Random, depth: number): Conditions {
  const roll = random()
  if (depth === 0 || roll < 0.4) return randomLeaf(random)
  if (roll < 0.5) return { not: randomConditions(random, depth - 1) }
  const members = Array.from({ length: 1 + Math.floor(random() * 3) }, () => randomConditions(random, depth - 1))
  return roll < 0.8 ? { all: members } : { any: members }
}

function randomLeaf(random: Random): Leaf {
  const fact = pick(random, [...TEXTS.keys(), 'tags', 'blocked', 'application', 'event', 'custom.seats'])
  if (random() < 0.15) return { fact, operator: pick(random, ['exists', 'missing']), value: true }
  if (fact === 'tags' || (fact === 'custom.seats' && random() < 0.2)) return listLeaf(random, fact)
  if (fact === 'blocked') return { fact, operator: pick(random, ['equal', 'notEqual']), value: random() < 0.5 }
  if (fact === 'event') return { fact, operator: pick(random, ['equal', 'notEqual']), value: pick(random, EVENTS) }
  if (fact === 'application') return numberLeaf(random, fact, NUMBERS)
  const values = TEXTS.get(fact) ?? []
  const roll = random()
  if (fact === 'message' || roll < 0.2) return textLeaf(random, fact)
  return numberLeaf(random, fact, values)
}

function numberLeaf(random: Random, fact: string, values: readonly (string | number)[]): Leaf {
  const roll = random()
  const number = () => pick(random, NUMBERS)
  if (roll < 0.4) return { fact, operator: pick(random, ['equal', 'notEqual']), value: pick(random, values) }
  if (roll < 0.6) {
    return { fact, operator: pick(random, ['in', 'notIn']), value: [pick(random, values), pick(random, values)] }
  }
  if (roll < 0.7)
    return {
      fact,
      operator: 'between',
      value: pick(random, [
        [3, 5],
        [5, 10],
        [5, 5],
      ]),
    }
  const orders = ['lessThan', 'lessThanInclusive', 'greaterThan', 'greaterThanInclusive'] as const
  return { fact, operator: pick(random, orders), value: number() }
}

function listLeaf(random: Random, fact: string): Leaf {
  const member = () => pick(random, MEMBERS)
  if (random() < 0.5) return { fact, operator: pick(random, ['contains', 'doesNotContain']), value: member() }
  return { fact, operator: pick(random, ['containsAny', 'containsAll', 'containsNone']), value: [member(), member()] }
}

function textLeaf(random: Random, fact: string): Leaf {
  if (random() < 0.2) return { fact, operator: 'matches', value: pick(random, PATTERNS) }
  const operators = ['startsWith', 'endsWith', 'includesText', 'includesWord'] as const
  return { fact, operator: pick(random, operators), value: pick(random, WORDS) }
}

/** What each fact may be in random chats: the values of the sets, what lies between and beside them, and unknown. */
export const FACT_VALUES: ReadonlyMap<string, readonly (FactValue | undefined)[]> = new Map([
  ['language', [undefined, 'de', 'De', 'fr', 'xx', '5', '3']],
  [
    'plan',
    [
      undefined,
      'pro',
      'PRO',
      'Pro',
      'free',
      '12',
      '12.0',
      12,
      'pro 12',
      '5',
      '4',
      '3',
      '1',
      '7.5',
      'de',
      'x',
      'prod 3r',
    ],
  ],
  [
    'message',
    [
      undefined,
      'invoice',
      'error',
      'invoice error',
      'my invoice',
      'in',
      'errors',
      'pro',
      'Pro 1',
      'many',
      '?',
      'de error',
    ],
  ],
  [
    'custom.seats',
    [
      undefined,
      1,
      3,
      4,
      5,
      '5',
      '5.0',
      6,
      '7.5',
      10,
      11,
      'many',
      '1e21',
      1e21,
      'true',
      true,
      false,
      [],
      ['vip'],
      ['beta', 7],
      ['7', 'VIP'],
      'pro',
      'invoice 1',
    ],
  ],
  [
    'tags',
    [undefined, [], ['vip'], ['Beta'], [7], ['vip', '7'], ['vip', 'beta'], ['beta', 7], ['vip', 'beta', 7], ['x']],
  ],
  ['blocked', [undefined, true, false]],
  ['application', [undefined, 1, 3, 4, 5, 6, 10, 11]],
])

/** The hours of a week: moments at which the schedules of the sets are open and closed, in each combination that there is. */
export const MOMENTS: readonly string[] = Array.from({ length: 7 * 24 }, (_, hour) =>
  new Date(Date.parse('2026-03-02T00:00:00Z') + hour * 3_600_000).toISOString(),
)
