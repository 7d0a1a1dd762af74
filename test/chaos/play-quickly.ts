import { test } from 'tap'
import { spell } from './scenario.ts'
import { SCENARIOS } from './scenarios.ts'
import { createStage } from './stage.ts'

const PARTS = 4
const seed = Number(process.env.CHAOS_SEED ?? Date.now() % 2 ** 31)

/** Makes a test of the quick form of every fourth promise: four files of them can run side by side. */
export function playQuickly(part: number): void {
  for (const scenario of SCENARIOS.filter((_scenario, index) => index % PARTS === part)) {
    test(`${scenario.id}: ${scenario.promise}`, async (t) => {
      const { stage, clear } = createStage({ seed, scale: 'quick', seconds: 5 })
      t.teardown(clear)
      const figures = await scenario.run(stage)
      for (const figure of figures) t.ok(figure.isKept, `${figure.name}=${figure.value}`)
      t.comment(`${spell(scenario, figures)} seed=${seed}`)
    })
  }
}
