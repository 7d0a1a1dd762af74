import { test } from 'tap'
import { oneBadRule } from './promises/p22-one-bad-rule.ts'
import { signedBytes } from './promises/p24-signed-bytes.ts'
import { secrecy } from './promises/p25-secrecy.ts'
import { erasure } from './promises/p26-erasure.ts'
import { authorisation } from './promises/p27-authorisation.ts'
import { spell } from './scenario.ts'
import { createStage } from './stage.ts'

// Those promises whose quick form takes seconds. The others start several processes each, and kill them: npm run chaos -- --quick.
const seed = Number(process.env.CHAOS_SEED ?? Date.now() % 2 ** 31)

for (const scenario of [oneBadRule, signedBytes, secrecy, erasure, authorisation]) {
  test(`${scenario.id}: ${scenario.promise}`, async (t) => {
    const { stage, clear } = createStage({ seed, scale: 'quick', seconds: 5 })
    t.teardown(clear)
    const figures = await scenario.run(stage)
    for (const figure of figures) t.ok(figure.isKept, `${figure.name}=${figure.value}`)
    t.comment(`${spell(scenario, figures)} seed=${seed}`)
  })
}
