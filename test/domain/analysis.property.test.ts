import { test } from 'tap'
import { analyseRules } from '../../src/domain/analysis/analyse.ts'
import { tryClaims } from './analysis-laws.ts'
import { randomRules, seededRandom } from './analysis-rulesets.ts'
import { witnessProblem } from './analysis-witnesses.ts'

// The same at length: node bench/analysis-soundness.ts
const SETS = 500
const FACTS = 2_000

test('no random chat does what the analysis says none can, and each witness shows what it is said to show', async (t) => {
  const seed = Number(process.env.FC_SEED ?? Date.now() % 2 ** 31)
  t.comment(`seed ${seed} (again with FC_SEED=${seed})`)
  const codes = new Map<string, number>()
  let witnesses = 0
  for (let set = 0; set < SETS; set++) {
    const random = seededRandom(seed + set)
    const rules = randomRules(random)
    const warnings = analyseRules(rules, {})
    for (const claim of tryClaims(rules, warnings, FACTS, random).refuted) t.fail(`set ${seed + set}: ${claim}`)
    for (const warning of warnings) {
      codes.set(warning.code, (codes.get(warning.code) ?? 0) + 1)
      if (warning.witness === null) continue
      witnesses += 1
      // The real engine is slow beside the rest, and a tenth of the sets is plenty.
      const problem = set % 10 === 0 ? await witnessProblem(rules, warning) : undefined
      if (problem !== undefined) t.fail(`set ${seed + set}: the witness of ${warning.rule} ${warning.code} ${problem}`)
    }
  }
  for (const code of ['never_matches', 'never_reached', 'always_matches', 'order_decides', 'redundant_condition']) {
    t.ok((codes.get(code) ?? 0) > 50, `enough warnings to mean something: ${code} ${codes.get(code)}`)
  }
  t.ok(witnesses > 1_000, `enough witnesses: ${witnesses}`)
})
