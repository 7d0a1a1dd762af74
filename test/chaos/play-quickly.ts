import { type Test, test } from 'tap'
import { type Scenario, spell } from './scenario.ts'
import { SCENARIOS } from './scenarios.ts'
import { createStage } from './stage.ts'

/** How long a scenario without an end of its own goes on. */
const SECONDS = 5

/** The quick form of promises, a test for each; `CHAOS_SEED` makes the same faults again. */
export function playQuickly(...ids: readonly `P${number}`[]): void {
  const seed = Number(process.env.CHAOS_SEED ?? Date.now() % 2 ** 31)
  for (const id of ids) {
    const scenario = SCENARIOS.find((other) => other.id === id)
    if (scenario === undefined) throw new Error(`There is no ${id}.`)
    test(`${id}: ${scenario.promise}`, (t) => play(t, scenario, seed))
  }
}

async function play(t: Test, scenario: Scenario, seed: number): Promise<void> {
  const { stage, clear } = createStage({ seed, scale: 'quick', seconds: SECONDS, parent: t })
  t.teardown(clear)
  const figures = await scenario.run(stage)
  for (const figure of figures) t.ok(figure.isKept, `${figure.name}=${figure.value} seed=${seed}`)
  t.comment(`${spell(scenario, figures)} seed=${seed}`)
}
