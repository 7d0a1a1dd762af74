import { test } from 'tap'
import { spell } from './scenario.ts'
import { SCENARIOS } from './scenarios.ts'
import { createStage } from './stage.ts'

const seed = Number(process.env.CHAOS_SEED ?? Date.now() % 2 ** 31)

for (const scenario of SCENARIOS) {
  test(`${scenario.id}: ${scenario.promise}`, async (t) => {
    const { stage, clear } = createStage({ seed, scale: 'quick', seconds: 5 })
    t.teardown(clear)
    const figures = await scenario.run(stage)
    for (const figure of figures) t.ok(figure.isKept, `${figure.name}=${figure.value}`)
    t.comment(`${spell(scenario, figures)} seed=${seed}`)
  })
}
