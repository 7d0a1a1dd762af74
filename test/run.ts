import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync } from 'node:fs'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { startTestServer } from './support/postgres.ts'
import { makePristineCluster } from './support/pristine-cluster.ts'
import { makeScratch } from './support/scratch.ts'

// npm test: everything that must hold, and at the end one plain line with the real numbers. With files: those tests only.
const CHECKS = [
  ['types', 'tsc', []],
  ['lint and format', 'biome', ['check', '--error-on-warnings', '.']],
  ['layers', 'node', ['test/layers.ts']],
] as const

/** More than two cores keep busy: tests wait for processes, sockets and databases too. Those that make faults start several. */
const PROCESSES = { tests: 3, faults: 2 }
/** They take longest, and so come first: all processes are to end at about the same time. */
const LONG = /property|sandbox-process|build\.test|chaos\/(overload|database|order)/
const SECONDS_MAX = 900

let passed = 0
let failed = 0

const scratch = await makeScratch()
process.env.TMPDIR = scratch
const cluster = makePristineCluster()
const built = check('build', 'node', ['build.ts'])
const checked = Promise.all([built, ...CHECKS.map(([name, command, args]) => check(name, command, args))])

process.env.TEST_CLUSTER = await cluster
const server = await startTestServer()
const environment = {
  TEST_SERVER_URL: server.url,
  TEST_SERVER_TEMPLATE: server.template,
  TAP_TIMEOUT: String(SECONDS_MAX),
  TEST_BUILT: 'yes',
  // What one process has stripped of its types and compiled, the others need not.
  NODE_COMPILE_CACHE: join(scratch, 'compiled'),
}
try {
  const given = process.argv.slice(2)
  const files = longestFirst(given.length > 0 ? given : globSync('test/**/*.test.ts').toSorted())
  const makesFaults = (file: string) => file.startsWith('test/chaos/')
  await built
  await runAll(
    'tests',
    files.filter((file) => !makesFaults(file)),
  )
  await checked
  // Afterwards and by themselves: whoever waits for a process to start, or to be missed, is not to wait for others' work too.
  await runAll('faults', files.filter(makesFaults))
} finally {
  await server.stop()
  await rm(scratch, { recursive: true, force: true })
}

console.log(`\n${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1

async function check(name: string, command: string, args: readonly string[]): Promise<void> {
  const { code, output } = await run(command, args)
  console.log(`${output}${code === 0 ? 'ok' : 'not ok'} - ${name}\n`)
  if (code === 0) passed += 1
  else failed += 1
}

function longestFirst(files: readonly string[]): string[] {
  return files.toSorted((a, b) => Number(LONG.test(b)) - Number(LONG.test(a)))
}

/** Each process takes the next file until there is none left. */
async function runAll(kind: keyof typeof PROCESSES, files: readonly string[]): Promise<void> {
  const startedAt = performance.now()
  const claims = join(scratch, kind)
  await mkdir(claims)
  const countLeft = async () => files.length - (await readdir(claims)).length
  await Promise.all(
    Array.from({ length: Math.min(PROCESSES[kind], files.length) }, async (_, index) => {
      // A crash leaves work to the process that follows, unless it comes before any work.
      while ((await runFiles(`${kind} ${index + 1}`, claims, files)) > 0 && (await countLeft()) > 0);
    }),
  )
  const left = await countLeft()
  failed += left
  if (left > 0) console.log(`not ok - ${kind}: ${left} files that no process has taken`)
  if (files.length > 0) console.log(`${kind}: ${secondsSince(startedAt)} s\n`)
}

/**
 * Runs what waits, as a test of tap's runs without its command: as a program that prints its results. The command would have
 * to be built for our choice of plugins first, and loads its own into each process, which together took half a minute.
 * Says how many files it was.
 */
async function runFiles(name: string, claims: string, files: readonly string[]): Promise<number> {
  const startedAt = performance.now()
  const { code, output } = await run('node', ['test/support/run-files.ts', claims, ...files], environment)
  const taken = output.match(/^ *# test\/.*\.ts$/gm)?.length ?? 0
  const counts = count(output)
  // A file that crashed, or saw no test, fails without an assertion that does.
  const isMute = counts.failed === 0 && (code !== 0 || (taken > 0 && counts.passed === 0))
  passed += counts.passed
  failed += isMute ? 1 : counts.failed
  const isGood = code === 0 && !isMute
  const result = `${taken} files, ${counts.passed} passed, ${counts.failed} failed, ${secondsSince(startedAt)} s`
  console.log(`${isGood ? 'ok' : 'not ok'} - ${name}: ${result}`)
  if (!isGood) console.log(isMute ? output.slice(-4_000) : pickFailures(output))
  return taken
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
