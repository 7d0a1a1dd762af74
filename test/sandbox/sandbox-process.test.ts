import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type Test, test } from 'tap'
import { query } from '../support/postgres.ts'
import { until } from '../support/service.ts'

const FIRST_DECISION = /^ 7\d{6} .*$/m
/** Whatever server the tests have. */
const EMBEDDED = { DATABASE_URL: '' }
const serverUrl = process.env.TEST_SERVER_URL

interface SandboxProcess {
  readonly child: ChildProcess
  /** Resolves with all that is on the screen, once this is among it. */
  printed(what: string | RegExp): Promise<string>
  /** Resolves with the exit code and everything that was printed. */
  readonly ended: Promise<{ code: number | null; output: string; errors: string }>
  /** Folders, databases and processes that it has made and that are still there. */
  leftovers(): Promise<string[]>
  /** The process id of its embedded Postgres. */
  postmaster(): Promise<number>
}

/** `npm run sandbox` without npm, in a group and a temporary folder of its own; it is gone when the test ends. */
async function startSandboxProcess(t: Test, args: readonly string[], env: Record<string, string> = {}) {
  const dir = await mkdtemp(join(tmpdir(), 'helpcrunch-router-test-'))
  // What Node keeps of compiled code would lie in that folder, too, unless the run of all tests names another.
  const cache = process.env.NODE_COMPILE_CACHE === undefined ? { NODE_DISABLE_COMPILE_CACHE: '1' } : {}
  const given = { PORT: '0', TMPDIR: dir, ...cache, ...(serverUrl && { DATABASE_URL: serverUrl }), ...env }
  const child = spawn(process.execPath, ['src/sandbox/main.ts', ...args], {
    env: { ...process.env, ...given },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  t.teardown(async () => {
    child.kill('SIGKILL')
    await rm(dir, { recursive: true, force: true, maxRetries: 3 })
  })
  let output = ''
  let errors = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  child.stderr.on('data', (chunk) => {
    errors += chunk
  })
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, output, errors }))
  const sandbox: SandboxProcess = {
    child,
    ended,
    async printed(what) {
      await until(`${what} on the screen`, () => output.search(what) >= 0)
      return output
    },
    async leftovers() {
      const [name] = /hcr_sandbox_\w+/.exec(output) ?? []
      const databases = serverUrl && name ? await query<{ datname: string }>(serverUrl, DATABASE, [name]) : []
      const group = isAlive(-Number(child.pid)) ? ['a process'] : []
      return [...(await readdir(dir)), ...databases.map(({ datname }) => datname), ...group]
    },
    async postmaster() {
      const [folder = ''] = await readdir(dir)
      return Number.parseInt(await readFile(join(dir, folder, 'cluster', 'postmaster.pid'), 'utf8'), 10)
    },
  }
  return sandbox
}

const DATABASE = 'SELECT datname FROM pg_database WHERE datname = $1'

test('with --chats the sandbox decides that many chats, sums up and leaves nothing behind', async (t) => {
  const port = await takePort(t)
  const sandbox = await startSandboxProcess(t, ['--chats', '5', '--seed', '3'], { PORT: port })
  const { code, output, errors } = await sandbox.ended

  t.equal(code, 0, { output })
  t.equal(errors, '', 'everything printed is for a person')
  t.match(output, `port ${port} is taken, so this is a free one`)
  const lines = output.split('\n').filter((line) => /^ 7\d{6} /.test(line))
  t.equal(new Set(lines.map((line) => line.slice(0, 8))).size, 5, 'a line for each chat')
  t.match(lines[0], / {2}[→=·] \S.* \d$/, 'with its department and its calls')
  t.match(output, '5 chats, each with its decision')
  t.match(output, /\d\.\d\d API calls per routed chat/)
  t.notMatch(output, '\u001b', 'a pipe gets no colours')
  t.strictSame(await sandbox.leftovers(), [])
})

test('the line it prints asks the running service, and Ctrl-C is its ordinary end', async (t) => {
  const sandbox = await startSandboxProcess(t, [])
  const output = await sandbox.printed(FIRST_DECISION)
  const [, token = '', url = ''] = /curl -H 'Authorization: Bearer (\w+)' '(http:[^']+)'/.exec(output) ?? []
  const reply = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
  t.equal(reply.status, 200)
  t.match(await reply.json(), { data: [{ eventType: 'chat.new' }] })

  process.kill(-Number(sandbox.child.pid), 'SIGINT')
  const ended = await sandbox.ended
  t.equal(ended.code, 0)
  t.match(ended.output, 'API calls per routed chat', 'with a summary')
  t.equal(ended.errors, '')
  t.strictSame(await sandbox.leftovers(), [])
})

test('what cannot be asked for is answered with one line that says what to write', async (t) => {
  const { code, errors, output } = await (await startSandboxProcess(t, ['--chat', '3'])).ended
  t.strictSame({ code, output }, { code: 1, output: '' })
  t.match(errors, /^There is no --chat: only --chats N.*\n$/)
})

test('a database that falls over is a message and exit code 1, and leaves nothing behind', async (t) => {
  const sandbox = await startSandboxProcess(t, [], EMBEDDED)
  await sandbox.printed(FIRST_DECISION)
  process.kill(await sandbox.postmaster(), 'SIGKILL')
  const { code, output, errors } = await sandbox.ended
  t.equal(code, 1)
  t.match(output, /✗ The service (no longer works|has stopped answering)/)
  t.notMatch(output + errors, /\n\s+at /)
  t.strictSame(await sandbox.leftovers(), [])
})

test('a second Ctrl-C ends it at once, whatever hangs', async (t) => {
  const sandbox = await startSandboxProcess(t, [], EMBEDDED)
  await sandbox.printed(FIRST_DECISION)
  const postmaster = await sandbox.postmaster()
  const family = await familyOf(postmaster)
  for (const pid of family) process.kill(pid, 'SIGSTOP')
  try {
    sandbox.child.kill('SIGINT')
    await sandbox.printed('API calls per routed chat')
    await until('the end', () => !sandbox.child.kill('SIGINT') || sandbox.child.exitCode !== null)
  } finally {
    for (const pid of family) process.kill(pid, 'SIGCONT')
  }
  const { code, errors } = await sandbox.ended
  t.equal(code, 130)
  t.equal(errors, '')
  await until('Postgres to end too', () => !isAlive(postmaster))
})

/** A port that another program listens on, for as long as the test takes. */
async function takePort(t: Test): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return String((server.address() as AddressInfo).port) // it listens on a port, not on a pipe
}

/** A process and its children, from the system's own list. */
async function familyOf(pid: number): Promise<number[]> {
  const list = spawn('ps', ['-A', '-o', 'pid=,ppid='], { stdio: ['ignore', 'pipe', 'ignore'] })
  const rows = (await text(list.stdout)).trim().split('\n')
  const pairs = rows.map((row) => row.trim().split(/\s+/).map(Number))
  return pairs.flatMap(([own = 0, parent = 0]) => (own === pid || parent === pid ? [own] : []))
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
