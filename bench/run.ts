import { spawn } from 'node:child_process'
import { once } from 'node:events'

// npm run bench: every question, one after the other, each in a process of its own. npm run bench -- rules intake: these.
const BENCHES: Readonly<Record<string, readonly string[]>> = {
  rules: ['bench/rules.ts'],
  intake: ['bench/intake.ts'],
  pipeline: ['bench/pipeline.ts'],
  backlog: ['bench/backlog.ts'],
  calls: ['bench/calls.ts'],
  growth: ['bench/growth.ts'],
  footprint: ['bench/footprint.ts'],
  replicas: ['bench/replicas.ts'],
  analysis: ['bench/analysis.ts'],
  backtest: ['bench/backtest.ts'],
  'rule-edits': ['bench/rule-edits.ts'],
  'analysis-soundness': ['bench/analysis-soundness.ts', '--sets', '200'],
}

const asked = process.argv.slice(2)
if (asked.includes('--help')) {
  console.log(`npm run bench -- [${Object.keys(BENCHES).join('] [')}]`)
  process.exit()
}
const unknown = asked.filter((name) => !Object.hasOwn(BENCHES, name))
if (unknown.length > 0) {
  console.error(`There is no ${unknown.join(', ')}; there are ${Object.keys(BENCHES).join(', ')}.`)
  process.exit(1)
}
const failed: string[] = []
for (const [name, args] of Object.entries(BENCHES)) {
  if (asked.length > 0 && !asked.includes(name)) continue
  const startedAt = performance.now()
  const [code] = await once(spawn(process.execPath, args, { stdio: 'inherit' }), 'exit')
  console.log(`\n${name}: ${((performance.now() - startedAt) / 1_000).toFixed(0)} s`)
  if (code !== 0) failed.push(name)
}
if (failed.length > 0) console.log(`could not be measured: ${failed.join(', ')}`)
process.exitCode = failed.length === 0 ? 0 : 1
