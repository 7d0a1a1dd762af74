import { execFileSync } from 'node:child_process'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { builtArgs, START_ARGS } from '../test/support/start-command.ts'
import { createLoad } from './support/load.ts'
import { rssMbOf, type Served, serve, sizeMbOf } from './support/process.ts'
import { percentile } from './support/rounds.ts'
import { withScope } from './support/scope.ts'
import { routerSettings } from './support/settings.ts'
import { printTable, type Row, spell } from './support/table.ts'

// How long a start takes, and what the service needs of memory and disk.
const STARTS = 5
const IDLE_MS = 5_000
const LOAD = { connections: 32, forMs: 8_000 }
const PACKAGES_SHOWN = 6

await withScope(async (scope) => {
  const env = await routerSettings(scope, { ROUTER_MODE: 'shadow' })
  const newFolder = async () => {
    const dir = await mkdtemp(join(tmpdir(), 'helpcrunch-router-bench-'))
    scope.teardown(() => rm(dir, { recursive: true, force: true, maxRetries: 3 }))
    return dir
  }
  const start = (dataDir: string, args = builtArgs()) => serve(scope, args, { ...env, DATA_DIR: dataDir })
  const startAndStop = async (dataDir: string, args?: readonly string[]) => {
    const { readyMs, stop } = await start(dataDir, args)
    await stop()
    return readyMs
  }
  const fresh: number[] = []
  const again: number[] = []
  const sources: number[] = []
  for (let round = 0; round < STARTS; round++) {
    const dataDir = await newFolder()
    fresh.push(await startAndStop(dataDir))
    again.push(await startAndStop(dataDir))
    sources.push(await startAndStop(dataDir, START_ARGS))
  }
  const service = await start(await newFolder())
  await sleep(IDLE_MS)
  const idleMb = rssMbOf(service.pid)
  const busyMb = await largestUnderLoad(service)
  printTable('Footprint', [
    {
      ...atMost('ready, existing embedded database', percentile(again, 0.5) / 1_000, 's', 1.5),
      beside: `from the sources, by npm start: ${spell(percentile(sources, 0.5) / 1_000)} s`,
    },
    atMost('ready, new embedded database', percentile(fresh, 0.5) / 1_000, 's', 4),
    atMost('resident memory, idle', idleMb, 'MB', 150),
    atMost('resident memory, under full load', busyMb, 'MB', 300),
    ...(await measureInstall(await newFolder())),
  ])

  /** The largest that was seen, as webhooks are stored and decided as fast as they come. */
  async function largestUnderLoad({ url, pid }: Served): Promise<number> {
    let largest = 0
    const watch = setInterval(() => {
      largest = Math.max(largest, rssMbOf(pid))
    }, 100)
    await createLoad(scope).flood(url, LOAD.connections, LOAD.forMs)
    clearInterval(watch)
    return largest
  }
})

function atMost(what: string, value: number, unit: string, limit: number): Row {
  return { what, measured: `${spell(value)} ${unit}`, target: `at most ${limit} ${unit}`, isReached: value <= limit }
}

/** What the image holds besides Node, without asking the registry for what npm has in its cache. */
async function measureInstall(dir: string): Promise<Row[]> {
  for (const file of ['dist/package.json', 'package-lock.json', '.npmrc']) await cp(file, join(dir, basename(file)))
  execFileSync('npm', ['install', '--omit=dev', '--ignore-scripts', '--prefer-offline', '--silent'], { cwd: dir })
  const modules = join(dir, 'node_modules')
  // The packages with the native binaries are large by themselves: show them.
  const list = execFileSync('du', ['-sm', ...packagesOf(modules)], { cwd: modules, encoding: 'utf8' })
  const largest = list
    .trim()
    .split('\n')
    .map((line) => line.split('\t'))
  const shown = largest.toSorted(([a], [b]) => Number(b) - Number(a)).slice(0, PACKAGES_SHOWN)
  const beside = shown.map(([size, name]) => `${name} ${size}`).join(', ')
  const ours = sizeMbOf(resolve('dist'))
  return [
    {
      what: 'production install',
      measured: `${spell(ours + sizeMbOf(modules))} MB`,
      beside: `dist ${spell(ours)}, ${beside}`,
    },
  ]
}

function packagesOf(modules: string): string[] {
  const listed = execFileSync('sh', ['-c', 'ls -d [!@]* @*/*'], { cwd: modules, encoding: 'utf8' })
  return listed.trim().split('\n')
}
