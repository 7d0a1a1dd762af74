import { execFileSync } from 'node:child_process'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { readMemory } from '../test/chaos/memory.ts'
import type { Scope } from '../test/support/scope.ts'
import { until } from '../test/support/service.ts'
import { builtArgs, START_ARGS } from '../test/support/start-command.ts'
import { startAccount } from './support/account.ts'
import { AMPLE_BUDGET, giveBudgetBack } from './support/budget.ts'
import { createDatabaseOn, startBenchPostgres } from './support/database.ts'
import { createLoad } from './support/load.ts'
import { serve, sizeMbOf } from './support/process.ts'
import { percentile } from './support/rounds.ts'
import { withScope } from './support/scope.ts'
import { routerSettings } from './support/settings.ts'
import { printTable, type Row, spell } from './support/table.ts'

// How long a start takes, and what the service needs of memory and disk.
const STARTS = 5
const IDLE_MS = 5_000
/** It takes some ten rounds until the heap grows no further. */
const LOAD = { rounds: 20, chats: 2_000, rules: 100, connections: 64, inWork: 200 }
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
  const idleMb = readMemory(service.pid).rssMb
  await service.stop()
  const busyMb = await largestUnderLoad(scope)
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
})

/** The most that it ever had, as chats are stored, looked up, decided, moved and recorded as fast as they come. */
async function largestUnderLoad(scope: Scope): Promise<number> {
  const account = await startAccount(scope, 0)
  const postgres = await startBenchPostgres(scope)
  const databaseUrl = await createDatabaseOn(scope, postgres.url, 'footprint')
  const settings = {
    DATABASE_URL: databaseUrl,
    HELPCRUNCH_API_URL: account.simulator.apiUrl,
    WORKER_CONCURRENCY: String(LOAD.inWork),
    HELPCRUNCH_REQUESTS_PER_MINUTE: String(AMPLE_BUDGET),
  }
  const { url, pid } = await serve(scope, builtArgs(), await routerSettings(scope, settings))
  const load = createLoad(scope)
  const { calls } = account.simulator
  for (let round = 0; round < LOAD.rounds; round++) {
    await giveBudgetBack(databaseUrl)
    calls.forget()
    const events = account.addCustomers(LOAD.chats, LOAD.rules).map((id) => account.openChat(id).event)
    await load.send(url, events, LOAD.connections)
    await until('all moved', () => calls.departmentPuts().length >= LOAD.chats)
  }
  return readMemory(pid).peakMb
}

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
