import type { Random } from '../../src/sandbox/simulator/seeded-random.ts'
import type { Scope } from '../support/scope.ts'

/** One promise, and the faults that try to break it. */
export interface Scenario {
  /** Its number in docs/reliability.md, such as `P1`. */
  readonly id: string
  /** The promise, in a sentence. */
  readonly promise: string
  /** Makes the faults happen and says what came of it; rejects only when the procedure itself could not be carried out. */
  run(stage: Stage): Promise<readonly Figure[]>
}

/** What a scenario works with; all that it opens ends with `teardown`. */
export interface Stage extends Scope {
  /** The full figure for `npm run chaos`, a small one for `--quick` and `npm test`. */
  size(full: number, quick: number): number
  /** Whether it is the short form, which shifts times where the full one waits. */
  readonly isQuick: boolean
  /** How long a scenario that has no end of its own goes on. */
  readonly seconds: number
  /** Repeatable: the same seed makes the same faults. */
  readonly random: Random
}

/** A number that was measured, as `lost=0`, and whether it is at its bar. */
export interface Figure {
  readonly name: string
  readonly value: number | string
  readonly isKept: boolean
}

/** A figure that must be this and nothing else. */
export function exactly(name: string, value: number | string, wanted: number | string): Figure {
  return { name, value, isKept: value === wanted }
}

/** A figure that must not be larger. */
export function atMost(name: string, value: number, bar: number): Figure {
  return { name, value: Math.round(value * 100) / 100, isKept: value <= bar }
}

/** A figure that must not be smaller. */
export function atLeast(name: string, value: number, bar: number): Figure {
  return { name, value: Math.round(value * 100) / 100, isKept: value >= bar }
}

/** A figure that is told and has no bar. */
export function told(name: string, value: number | string): Figure {
  return { name, value, isKept: true }
}

/** `P1   acked=3120 kills=20 lost=0 without_job=0   ok` */
export function spell({ id }: Scenario, figures: readonly Figure[]): string {
  const isKept = figures.every((figure) => figure.isKept)
  const text = figures.map(({ name, value, isKept }) => `${name}=${value}${isKept ? '' : '!'}`).join(' ')
  return `${id.padEnd(4)} ${text} ${isKept ? 'ok' : 'BROKEN'}`
}
