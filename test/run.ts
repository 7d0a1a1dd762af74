import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startTestServer } from './support/postgres.ts'

// npm test: everything that must hold, and at the end one plain line with the real numbers.
const CHECKS = [
  ['types', 'tsc', []],
  ['lint and format', 'biome', ['check', '--error-on-warnings', '.']],
  ['layers', 'node', ['test/layers.ts']],
] as const

/** Three times as many as run at once, so that the last ones to run are short. */
const SHARES = 12
const SHARES_DIR = '.tap/shares'

let passed = 0
let failed = 0

// On a fresh installation tap still has its default plugins, TypeScript's among them; building applies ours.
const building = run('tap', ['build'])
const starting = startTestServer()
await Promise.all(
  CHECKS.map(async ([name, command, args]) => {
    const code = await run(command, [...args])
    console.log(`${code === 0 ? 'ok' : 'not ok'} - ${name}\n`)
    if (code === 0) passed += 1
    else failed += 1
  }),
)

const server = await starting
const resultsDir = await mkdtemp(join(tmpdir(), 'helpcrunch-router-results-'))
try {
  await building
  const results = join(resultsDir, 'results.tap')
  // What one process has stripped of its types and compiled, the others need not.
  const compileCache = { NODE_COMPILE_CACHE: join(resultsDir, 'compiled') }
  const environment = { TEST_SERVER_URL: server.url, TEST_SERVER_TEMPLATE: server.template, ...compileCache }
  const given = process.argv.slice(2)
  const reporter = process.stdout.isTTY ? 'terse' : 'silent'
  const code = await run(
    'tap',
    [`--reporter=${reporter}`, `--output-file=${results}`, ...(given.length > 0 ? given : await writeShares())],
    environment,
  )
  const output = await readFile(results, 'utf8')
  console.log(summarise(output))
  const counts = count(output)
  passed += counts.passed
  failed += counts.failed
  // A file that crashed, or saw no test, fails without an assertion that does.
  if (code !== 0 && counts.failed === 0) failed += 1
  if (counts.passed === 0) failed += 1
} finally {
  await server.stop()
  await rm(resultsDir, { recursive: true, force: true })
}

console.log(`\n${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1

/**
 * Deals the test files out to a few processes: starting one for each file took longer than most of the tests, as every one
 * loads tap and the whole service.
 */
async function writeShares(): Promise<string[]> {
  const files = globSync('test/**/*.test.ts').toSorted()
  await mkdir(SHARES_DIR, { recursive: true })
  const shares = Array.from({ length: SHARES }, (_, share) => files.filter((_file, index) => index % SHARES === share))
  return Promise.all(
    shares.map(async (share, index) => {
      const path = join(SHARES_DIR, `share-${index + 1}.ts`)
      const imported = ['test/support/untracked-promises.ts', ...share] // it has to come before tap
      await writeFile(path, imported.map((file) => `import '../../${file}'\n`).join(''))
      return path
    }),
  )
}

/** A line for each file, and all there is to say of what failed. */
function summarise(tap: string): string {
  let isFailure = false
  const lines = tap.split('\n').filter((line) => {
    if (/^\s*(not )?ok \d+|^\s*# Subtest|^\s*\d+\.\.\d+/.test(line)) isFailure = /^\s*not ok/.test(line)
    return isFailure || /^ok \d+/.test(line)
  })
  return lines.join('\n')
}

/** Counts the assertions, at whatever depth; a subtest's own line only sums them up. */
function count(tap: string): { passed: number; failed: number } {
  const lines = tap.split('\n').filter((line) => /^\s*(not )?ok \d+/.test(line) && !/# (time=|SKIP|TODO)/.test(line))
  const bad = lines.filter((line) => /^\s*not ok/.test(line)).length
  return { passed: lines.length - bad, failed: bad }
}

async function run(
  command: string,
  args: readonly string[],
  environment: Record<string, string> = {},
): Promise<number> {
  const child = spawn(command, args, {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...environment },
  })
  const [code] = (await once(child, 'exit')) as [number | null]
  return code ?? 1
}
