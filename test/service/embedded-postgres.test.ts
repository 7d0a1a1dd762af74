import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, rm, stat } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import root, { type Test, test } from 'tap'
import { startEmbeddedPostgres } from '../../src/adapters/embedded-postgres/start-embedded-postgres.ts'
import { query } from '../support/postgres.ts'
import { until } from '../support/service.ts'

// One folder for all: making a cluster takes a second. mkdtemp lets nobody but its owner in.
const privateDir = await mkdtemp(join(tmpdir(), 'helpcrunch-router-embedded-'))
root.teardown(() => rm(privateDir, { recursive: true, force: true }))
const dataDir = join(privateDir, 'deep', 'data')
const keeperFile = join(dataDir, 'keeper.pid')
const postmasterFile = join(dataDir, 'cluster', 'postmaster.pid')

const start = async (t: Test) => {
  const postgres = await startEmbeddedPostgres({ dataDir })
  t.teardown(() => postgres.stop())
  return postgres
}

/** A process that starts the Postgres of that folder, and may be killed. */
function spawnParent(t: Test, dir: string) {
  const script = fileURLToPath(import.meta.resolve('../support/postgres-parent.ts'))
  const parent = spawn(process.execPath, [script, dir], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => parent.kill('SIGKILL'))
  return parent
}

/** One that has started the Postgres, and waits to be killed. */
async function startParent(t: Test) {
  const parent = spawnParent(t, dataDir)
  const [url] = (await once(parent.stdout, 'data')) as [Buffer]
  return { parent, url: url.toString().trim() }
}

const readText = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8') : '')
const readPid = (file: string) => Number.parseInt(readFileSync(file, 'utf8'), 10)
const pids = () => ({ keeper: readPid(keeperFile), postmaster: readPid(postmasterFile) })

/** A process that has ended but whose parent has not asked for it yet is gone too. */
function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return true
  }
}

test('it works in a folder that nobody but its owner may enter, and keeps what it was given', async (t) => {
  await mkdir(join(privateDir, 'deep'), { mode: 0o700 })
  t.equal((await stat(privateDir)).mode & 0o777, 0o700)
  const first = await start(t)
  t.match(first.url, /^postgresql:\/\/postgres:[0-9a-f]{32}@127\.0\.0\.1:\d+\/postgres$/)
  await query(first.url, 'CREATE TABLE kept AS SELECT 1 AS one')
  await first.stop()
  const second = await start(t)
  t.strictSame(await query(second.url, 'SELECT one FROM kept'), [{ one: 1 }])
})

test('a start right after one that was killed while it made the cluster takes what that becomes', async (t) => {
  const dir = join(privateDir, 'cut-off')
  const draftDir = join(dir, 'cluster.new')
  const parent = spawnParent(t, dir)
  await until('the cluster is being made', () => existsSync(draftDir))
  const { birthtimeMs } = await stat(draftDir)
  parent.kill('SIGKILL')
  const postgres = await startEmbeddedPostgres({ dataDir: dir })
  t.teardown(() => postgres.stop())
  t.equal((await stat(join(dir, 'cluster'))).birthtimeMs, birthtimeMs, 'not one made anew meanwhile')
  t.strictSame(await query(postgres.url, 'SELECT 1 AS one'), [{ one: 1 }])
})

test('a start that a full disk has ended while it kept the password does not spoil the next', async (t) => {
  const dir = join(privateDir, 'was-full')
  await mkdir(dir)
  writeFileSync(join(dir, 'password'), '') // there was room for the name, and none for what it is of
  const postgres = await startEmbeddedPostgres({ dataDir: dir })
  t.teardown(() => postgres.stop())
  t.strictSame(await query(postgres.url, 'SELECT 1 AS one'), [{ one: 1 }])
})

test('a cluster names no language that another machine may not have', async (t) => {
  t.match(readFileSync(join(dataDir, 'cluster', 'postgresql.conf'), 'utf8'), /^lc_messages = C\s/m)
})

test('a user who is not in /etc/passwd is told so', { skip: process.getuid?.() !== 0 }, async (t) => {
  const script = fileURLToPath(import.meta.resolve('../support/postgres-parent.ts'))
  const caps = '+dac_override,+dac_read_search'
  const unknown = ['--reuid=54321', '--clear-groups', `--inh-caps=${caps}`, `--ambient-caps=${caps}`]
  const { stderr } = spawnSync('setpriv', [...unknown, process.execPath, script, join(privateDir, 'unknown')])
  t.match(stderr.toString(), 'could not start: the user with the id 54321 is not in /etc/passwd.')
})

test('a root who may not become another user is told so', { skip: process.getuid?.() !== 0 }, async (t) => {
  const script = fileURLToPath(import.meta.resolve('../support/postgres-parent.ts'))
  const bound = ['--bounding-set=-all', '--inh-caps=-all'] // as in a container that has dropped all capabilities
  const { stderr } = spawnSync('setpriv', [...bound, process.execPath, script, join(privateDir, 'bound')])
  t.match(
    stderr.toString(),
    'could not start: Postgres refuses to run as root, and root may not become another user here.',
  )
})

test('stop leaves no process and no sign of one', async (t) => {
  const postgres = await start(t)
  const { keeper, postmaster } = pids()
  t.notOk(isGone(keeper) || isGone(postmaster))
  await postgres.stop()
  t.ok(isGone(keeper))
  t.ok(isGone(postmaster))
  t.notOk(existsSync(keeperFile) || existsSync(postmasterFile))
  await postgres.stop()
  t.pass('to stop twice does no harm')
})

test('killing the process that started it stops the server', async (t) => {
  const { parent, url } = await startParent(t)
  t.strictSame(await query(url, 'SELECT 1 AS one'), [{ one: 1 }])
  const { keeper, postmaster } = pids()
  parent.kill('SIGKILL')
  await until('the end of both processes', () => isGone(keeper) && isGone(postmaster))
  t.notOk(existsSync(postmasterFile), 'which was an orderly one')
})

test('a start right after a kill waits for the old server to end', async (t) => {
  const { parent } = await startParent(t)
  const { keeper } = pids()
  parent.kill('SIGKILL')
  const { url } = await start(t)
  t.strictSame(await query(url, 'SELECT one FROM kept'), [{ one: 1 }])
  await until('the end of the old keeper', () => isGone(keeper))
  t.notOk(isGone(pids().keeper), 'and the new keeper is known as such')
})

test('a server whose keeper was killed is stopped and taken over', async (t) => {
  const { parent } = await startParent(t)
  const { keeper, postmaster } = pids()
  process.kill(keeper, 'SIGKILL')
  parent.kill('SIGKILL')
  await until('the end of the keeper', () => isGone(keeper))
  t.notOk(isGone(postmaster), 'the server has lived on')
  const { url } = await start(t)
  t.ok(isGone(postmaster))
  t.strictSame(await query(url, 'SELECT one FROM kept'), [{ one: 1 }])
})

test('a second instance on the same folder is refused soon, with what to do, and harms nothing', async (t) => {
  const { url } = await start(t)
  const { postmaster } = pids()
  const startedAtMs = performance.now()
  await t.rejects(startEmbeddedPostgres({ dataDir }), {
    message: `The embedded Postgres in ${dataDir} could not start: process ${postmaster} uses it. Stop the other instance, or give this one a DATA_DIR or DATABASE_URL of its own.`,
  })
  t.ok(performance.now() - startedAtMs < 5_000)
  t.strictSame(await query(url, 'SELECT 1 AS one'), [{ one: 1 }])
})

test('the keeper of another container is believed as long as it shows that it lives, whatever its number is here', {
  skip: !existsSync('/proc'),
}, async (t) => {
  const ended = spawnSync('true').pid
  writeFileSync(keeperFile, `${ended} pid:[1]`)
  const renewing = setInterval(() => utimesSync(keeperFile, new Date(), new Date()), 100)
  t.teardown(() => clearInterval(renewing))
  await t.rejects(startEmbeddedPostgres({ dataDir }), {
    message: `The embedded Postgres in ${dataDir} could not start: another container uses it. Stop the other instance, or give this one a DATA_DIR or DATABASE_URL of its own.`,
  })
  clearInterval(renewing)
  const { url } = await start(t)
  t.strictSame(await query(url, 'SELECT one FROM kept'), [{ one: 1 }], 'and no longer')
})

test('the keeper of another container that is just stopping is waited for', {
  skip: !existsSync('/proc'),
}, async (t) => {
  writeFileSync(keeperFile, '1 pid:[1] stopping')
  let renewals = 0
  const renewing = setInterval(() => {
    if (++renewals < 10) return utimesSync(keeperFile, new Date(), new Date())
    clearInterval(renewing)
    unlinkSync(keeperFile)
  }, 100)
  t.teardown(() => clearInterval(renewing))
  const { url } = await start(t)
  t.equal(renewals, 10)
  t.strictSame(await query(url, 'SELECT one FROM kept'), [{ one: 1 }])
})

test('a keeper shows those who do not see its process that it lives', { skip: !existsSync('/proc') }, async (t) => {
  await start(t)
  const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  t.match(readFileSync(keeperFile, 'utf8'), /^\d+ pid:\[\d+\]@\S+$/)
  t.match(readFileSync(keeperFile, 'utf8'), bootId, 'on another machine the same numbers are not the same')
  const { mtimeMs } = await stat(keeperFile)
  await until('the next sign', async () => (await stat(keeperFile)).mtimeMs > mtimeMs)
  t.pass('it came')
})

for (const how of ['as soon as it sees that', 'when it is to stop']) {
  test(`a server whose folder another container has taken, as this one was paused, is ended without another write: ${how}`, {
    skip: !existsSync('/proc'),
  }, async (t) => {
    const postgres = await start(t)
    const { keeper, postmaster } = pids()
    const taken = `${keeper} pid:[1]` // containers have few processes, so the numbers may well be the same
    writeFileSync(keeperFile, taken)
    if (how === 'when it is to stop') await postgres.stop()
    await until('the end of both', () => isGone(keeper) && isGone(postmaster))
    t.ok(existsSync(postmasterFile), 'a stop in order would have written a checkpoint, and removed this')
    t.equal(readFileSync(keeperFile, 'utf8'), taken)
    await rm(keeperFile)
  })
}

const IN_USE =
  /could not start: process \d+ uses it\. Stop the other instance, or give this one a DATA_DIR or DATABASE_URL/

test('of two that start on one folder at the same moment one runs, and the other is told what to do', async (t) => {
  const both = await Promise.allSettled([start(t), start(t)])
  const running = both.flatMap((one) => (one.status === 'fulfilled' ? [one.value.url] : []))
  const refusals = both.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []))
  t.match(refusals, [{ message: IN_USE }])
  t.equal(running.length, 1)
  t.strictSame(await query(running[0] ?? '', 'SELECT one FROM kept'), [{ one: 1 }])
})

test('the keeper whose server runs is known as such, whoever else has begun on its folder meanwhile', async (t) => {
  const ended = spawnSync('true').pid
  for (let isInTime = false; !isInTime; ) {
    const starting = start(t)
    await until('the keeper has begun', () => existsSync(keeperFile))
    writeFileSync(keeperFile, String(ended)) // as one that Postgres refuses a moment later
    isInTime = !existsSync(postmasterFile) || !readFileSync(postmasterFile, 'utf8').includes('ready')
    const postgres = await starting
    if (isInTime) t.notOk(isGone(pids().keeper))
    await postgres.stop()
  }
})

test('of two containers that start on one folder at the same moment the first one is refused, before it starts a server', {
  skip: !existsSync('/proc'),
}, async (t) => {
  for (let isInTime = false; !isInTime; ) {
    const starting = startEmbeddedPostgres({ dataDir })
    const refusal = starting.then(() => undefined).catch(({ message }: Error) => message)
    await until('the keeper has entered', () => /^\d+ pid:/.test(readText(keeperFile)))
    const { mtimeMs } = await stat(keeperFile)
    writeFileSync(keeperFile, '1 pid:[1]')
    isInTime = Date.now() - mtimeMs < 90 // on a busy machine it may not be
    const message = await refusal
    if (isInTime) t.match(message, /could not start: another container uses it\. Stop the other instance/)
    if (isInTime) t.notOk(existsSync(postmasterFile))
    else await (await starting).keeperEnded
    await rm(keeperFile)
  }
})

test('a server that was killed is started again, and is found at the same address', async (t) => {
  const { url } = await start(t)
  const { postmaster } = pids()
  process.kill(postmaster, 'SIGKILL')
  const one = () => query(url, 'SELECT one FROM kept').catch(() => undefined)
  await until('it answers again', async () => isGone(postmaster) && (await one()) !== undefined)
  t.strictSame(await one(), [{ one: 1 }])
})

test('stop while a killed server is being started again leaves no process', async (t) => {
  const postgres = await start(t)
  const { keeper, postmaster } = pids()
  process.kill(postmaster, 'SIGKILL')
  await until('the next one begins', () => existsSync(postmasterFile) && readPid(postmasterFile) !== postmaster)
  const next = readPid(postmasterFile)
  await postgres.stop()
  t.ok(isGone(keeper))
  t.ok(isGone(next))
  t.notOk(existsSync(keeperFile) || existsSync(postmasterFile))
})

test('a cluster that was opened to its group, as Kubernetes opens volumes, is closed again', async (t) => {
  const cluster = join(dataDir, 'cluster')
  await chmod(cluster, 0o2770)
  const { url } = await start(t)
  t.strictSame(await query(url, 'SELECT one FROM kept'), [{ one: 1 }])
  t.equal((await stat(cluster)).mode & 0o7777, 0o700)
})

test('a Postgres that cannot start says why', async (t) => {
  const other = createServer().listen(0, '127.0.0.1')
  t.teardown(() => other.close())
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo // what listens on TCP has an address object
  await t.rejects(startEmbeddedPostgres({ dataDir, port }), { message: /could not start: could not create any TCP/ })

  const versionFile = join(dataDir, 'cluster', 'PG_VERSION')
  const version = readFileSync(versionFile, 'utf8')
  writeFileSync(versionFile, '17\n') // as one of an older package
  t.teardown(() => writeFileSync(versionFile, version))
  await t.rejects(startEmbeddedPostgres({ dataDir }), {
    message:
      /could not start: database files are incompatible with server\. The data directory was initialized by .+ 17/,
  })
})

test("a crashed server's number that is another process's by now is left alone", {
  skip: !existsSync('/proc'),
}, async (t) => {
  const bystander = spawn(process.execPath, ['-e', 'setInterval(() => {}, 60_000)'], { stdio: 'ignore' })
  t.teardown(() => bystander.kill('SIGKILL'))
  await once(bystander, 'spawn')
  writeFileSync(postmasterFile, `${bystander.pid}\n${join(dataDir, 'cluster')}\n`)
  const { url } = await start(t)
  t.strictSame(await query(url, 'SELECT one FROM kept'), [{ one: 1 }])
  t.strictSame([bystander.exitCode, bystander.signalCode], [null, null])
})

test("a crashed server's number that is another cluster's server by now is left alone", {
  skip: !existsSync('/proc'),
}, async (t) => {
  const otherDir = join(privateDir, 'cut-off')
  const other = await startEmbeddedPostgres({ dataDir: otherDir })
  t.teardown(() => other.stop())
  const postmaster = readPid(join(otherDir, 'cluster', 'postmaster.pid'))
  writeFileSync(postmasterFile, `${postmaster}\n${join(dataDir, 'cluster')}\n`)
  const { url } = await start(t)
  t.strictSame(await query(url, 'SELECT one FROM kept'), [{ one: 1 }])
  t.strictSame(await query(other.url, 'SELECT 1 AS one'), [{ one: 1 }])
})
