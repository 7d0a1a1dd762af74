import { parseArgs } from 'node:util'
import { analyseRules } from '../src/domain/analysis/analyse.ts'
import { tryClaims } from '../test/domain/analysis-laws.ts'
import { randomRules, seededRandom } from '../test/domain/analysis-rulesets.ts'
import { witnessProblem } from '../test/domain/analysis-witnesses.ts'

// Random rule sets, each with random facts of its own: does any chat do what the analysis says none can? And does each
// witness, put to the real engine, show what it is said to show? Exit 1 if not.
const { values } = parseArgs({
  options: {
    sets: { type: 'string', default: '20000' },
    facts: { type: 'string', default: '50000' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
  },
})
const [sets, facts, seed] = [Number(values.sets), Number(values.facts), Number(values.seed)]
console.log(`seed ${seed}: ${sets} rule sets, ${facts} facts for each (again with --seed ${seed})`)

const counts = new Map<string, number>()
const problems: string[] = []
let winless = 0
let explained = 0
const startedAt = performance.now()
for (let set = 0; set < sets; set++) {
  const random = seededRandom(seed + set)
  const rules = randomRules(random)
  const warnings = analyseRules(rules, {})
  const trial = tryClaims(rules, warnings, facts, random)
  winless += trial.winless
  explained += trial.winlessExplained
  problems.push(...trial.refuted.map((claim) => `set ${seed + set}: refuted: ${claim}`))
  for (const warning of warnings) {
    const kind = `${warning.code} ${warning.certainty}${warning.witness === null ? ' without a witness' : ''}`
    counts.set(kind, (counts.get(kind) ?? 0) + 1)
    const problem = await witnessProblem(rules, warning)
    if (problem !== undefined)
      problems.push(`set ${seed + set}: the witness of ${warning.rule} ${warning.code} ${problem}`)
  }
  if ((set + 1) % 1_000 === 0) console.log(`${set + 1} sets, ${problems.length} problems`)
}
for (const [kind, count] of [...counts].toSorted()) console.log(`${String(count).padStart(8)} ${kind}`)
console.log(`rules that won none of 2,000 chats: ${winless}, explained by the analysis: ${explained}`)
for (const problem of problems.slice(0, 20)) console.log(problem)
console.log(`problems=${problems.length} seconds=${((performance.now() - startedAt) / 1_000).toFixed(0)} seed=${seed}`)
process.exitCode = problems.length === 0 ? 0 : 1
