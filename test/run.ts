import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { startTestServer } from './support/postgres.ts'
import { makePristineCluster } from './support/pristine-cluster.ts'

// npm test: everything that must hold, and at the end one plain line with the real numbers. With files: those tests only.
const CHECKS = [
  ['types', 'tsc', []],
  ['lint and format', 'biome', ['check', '--error-on-warnings', '.']],
  ['layers', 'node', ['test/layers.ts']],
  ['build', 'node', ['build.ts']],
] as const

/** More than two cores keep busy: tests wait for processes, sockets and databases too. Those that make faults start several. */
const PROCESSES = { tests: 3, faults: 2 }
/** Several for each, so that the last ones to run are short. */
const SHARES = 12
const SHARES_DIR = '.tap/shares'
const SECONDS_MAX = 900

let passed = 0
let failed = 0

const starting = startTestServer()
const copying = makePristineCluster()
await Promise.all(
  CHECKS.map(async ([name, command, args]) => {
    const { code, output } = await run(command, args)
    console.log(`${output}${code === 0 ? 'ok' : 'not ok'} - ${name}\n`)
    if (code === 0) passed += 1
    else failed += 1
  }),
)

const server = await starting
const compiled = await mkdtemp(join(tmpdir(), 'helpcrunch-router-compiled-'))
const environment = {
  TEST_SERVER_URL: server.url,
  TEST_SERVER_TEMPLATE: server.template,
  TAP_TIMEOUT: String(SECONDS_MAX),
  TEST_BUILT: 'yes',
  TEST_CLUSTER: await copying,
  // What one process has stripped of its types and compiled, the others need not.
  NODE_COMPILE_CACHE: compiled,
}
try {
  const given = process.argv.slice(2)
  const files = given.length > 0 ? given : globSync('test/**/*.test.ts').toSorted()
  const makesFaults = (file: string) => file.startsWith('test/chaos/')
  const shares = deal(
    files.filter((file) => !makesFaults(file)),
    SHARES,
  )
  await runAll('tests', shares)
  // Afterwards and by themselves: whoever waits for a process to start, or to be missed, is not to wait for others' work too.
  // One share for each process, as each has much to load.
  await runAll('faults', deal(files.filter(makesFaults), PROCESSES.faults))
} finally {
  await server.stop()
  await rm(compiled, { recursive: true, force: true })
}

console.log(`\n${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1

/**
 * Deals the test files out to a few processes: starting one for each file took longer than most of the tests, as every one
 * loads tap and the whole service.
 */
function deal(files: readonly string[], count: number): string[][] {
  const shares = Array.from({ length: count }, (_, share) => files.filter((_file, index) => index % count === share))
  return shares.filter((share) => share.length > 0)
}

async function runAll(kind: keyof typeof PROCESSES, shares: readonly string[][]): Promise<void> {
  const startedAt = performance.now()
  await mkdir(SHARES_DIR, { recursive: true })
  const waiting = await Promise.all(
    shares.map(async (share, index) => {
      const path = join(SHARES_DIR, `${kind}-${index + 1}.ts`)
      const imported = ['test/support/untracked-promises.ts', ...share] // it has to come before tap
      await writeFile(path, imported.map((file) => `import '../../${file}'\n`).join(''))
      return path
    }),
  )
  await Promise.all(Array.from({ length: PROCESSES[kind] }, () => runThrough(waiting)))
  if (shares.length > 0) console.log(`${kind}: ${secondsSince(startedAt)} s\n`)
}

/**
 * Runs what waits, as a test of tap's runs without its command: as a program that prints its results. The command would have
 * to be built for our choice of plugins first, and loads its own into each process, which together took half a minute.
 */
async function runThrough(waiting: string[]): Promise<void> {
  for (let share = waiting.shift(); share !== undefined; share = waiting.shift()) {
    const startedAt = performance.now()
    const { code, output } = await run('node', [share], environment)
    const counts = count(output)
    // A file that crashed, or saw no test, fails without an assertion that does.
    const isMute = counts.failed === 0 && (code !== 0 || counts.passed === 0)
    passed += counts.passed
    failed += isMute ? 1 : counts.failed
    const isGood = code === 0 && !isMute
    const result = `${counts.passed} passed, ${counts.failed} failed, ${secondsSince(startedAt)} s`
    console.log(`${isGood ? 'ok' : 'not ok'} - ${share}: ${result}`)
    if (!isGood) console.log(isMute ? output.slice(-4_000) : pickFailures(output))
  }
}

function secondsSince(startedAt: number): number {
  return Math.round((performance.now() - startedAt) / 1_000)
}

/** All there is to say of what failed. */
function pickFailures(tap: string): string {
  let isFailure = false
  const lines = tap.split('\n').filter((line) => {
    if (/^\s*(not )?ok \d+|^\s*# Subtest|^\s*\d+\.\.\d+/.test(line)) isFailure = /^\s*not ok/.test(line)
    return isFailure
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
): Promise<{ code: number; output: string }> {
  const child = spawn(command, args, {
    timeout: SECONDS_MAX * 1_000, // for what tap does not end: a process that has done its tests, and hangs
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...environment },
  })
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')])
  return { code: typeof code === 'number' ? code : 1, output }
}
