import { type Random, seededRandom } from '../../src/sandbox/simulator/seeded-random.ts'
import type { Scope } from '../support/scope.ts'
import type { Stage } from './scenario.ts'

export interface StageOptions {
  readonly seed: number
  readonly scale: 'full' | 'quick'
  readonly seconds: number
  /** The test that plays the scenario. */
  readonly parent?: Scope
}

/** A stage on which one scenario is played, and the way to clear it. */
export function createStage({ seed, scale, seconds, parent }: StageOptions): { stage: Stage; clear(): Promise<void> } {
  const ends: (() => unknown)[] = []
  const random: Random = seededRandom(seed)
  const stage: Stage = {
    size: (full, quick) => (scale === 'full' ? full : quick),
    isQuick: scale === 'quick',
    seconds,
    random,
    parent,
    teardown: (end) => void ends.push(end),
  }
  return {
    stage,
    async clear() {
      for (const end of ends.splice(0).reverse()) await end()
    },
  }
}
