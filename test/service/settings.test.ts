import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import fastify from 'fastify'
import { type Test, test } from 'tap'
import config, { Config, type Environment } from '../../src/plugins/config.ts'
import { startPostgresProxy } from '../support/postgres-proxy.ts'
import { runMain, type Said } from '../support/run-main.ts'
import { settingsFor, startService } from '../support/service.ts'

const NEEDED = {
  HELPCRUNCH_API_KEY: 'canary-api-key=',
  HELPCRUNCH_SIGNING_KEY: 'canary-signing-key',
  ADMIN_TOKEN: 'canary-admin-token',
}

/** The settings that a service would have. */
async function readSettings(env: Environment): Promise<Config> {
  const app = fastify()
  try {
    await app.register(config, { env })
    return app.config
  } finally {
    await app.close()
  }
}

/** What is said of settings that are refused. */
async function refusal(env: Environment): Promise<string> {
  return readSettings(env).then(
    () => 'they were accepted',
    (error: Error) => error.message,
  )
}

test('a start without settings ends with 1 and one message that lists all that is missing', async (t) => {
  const { code, stdout, stderr } = await runMain(t, {})
  t.strictSame([code, stdout], [1, ''])
  t.match(stderr, /^The settings are not right:\n/)
  t.strictSame(
    stderr.match(/^ {2}\w+ is missing\. .{30}/gm)?.map((line) => line.split(' ')[2]),
    Object.keys(NEEDED),
    'each with what it is',
  )
})

test('settings come from .env too, and the environment goes first', async (t) => {
  const dotenv = 'PORT=80000\nROLE=boss\nADMIN_TOKEN=canary-admin-token\n'
  const { code, stderr } = await runMain(t, { PORT: 'http', LOG_LEVEL: 'loud' }, { dotenv })
  t.equal(code, 1)
  t.match(stderr, /PORT must be integer \(it is "http"\)/)
  t.match(stderr, /ROLE must be one of all, web, worker \(it is "boss"\)/)
  t.match(
    stderr,
    /LOG_LEVEL must be one of .*"loud".*fatal, error, warn, info, debug, trace or silent/,
    'the logger is one of them',
  )
  t.match(stderr, /HELPCRUNCH_API_KEY is missing/)
  t.notMatch(stderr, /ADMIN_TOKEN/)
})

test('an empty setting of the environment is not set, so that of .env counts', async (t) => {
  const { stderr } = await runMain(t, { ROUTER_MODE: '', PORT: 'http' }, { dotenv: 'ROUTER_MODE=shade\n' })
  t.match(stderr, /ROUTER_MODE must be one of live, shadow \(it is "shade"\)/)
})

test('a .env in UTF-16, as some shells write it, is told so', async (t) => {
  const { code, stderr } = await runMain(t, {}, { dotenv: Buffer.from('\uFEFFPORT=80000\n', 'utf16le') })
  t.equal(code, 1)
  t.match(stderr, /\.env is not UTF-8: save it as UTF-8\.\n$/)
})

test('a byte order mark before a .env does not count', async (t) => {
  const { stderr } = await runMain(t, {}, { dotenv: '\uFEFFPORT=80000\r\nROLE=boss\r\n' })
  t.match(stderr, /PORT must be <= 65535 \(it is "80000"\)/)
  t.match(stderr, /ROLE must be one of all, web, worker \(it is "boss"\)/)
})

test('what is malformed is named, with what it should be, and never the value of a secret', async (t) => {
  const malformed: readonly (readonly [keyof Config, string, RegExp])[] = [
    ['PORT', '65536', /must be <= 65535 \(it is "65536"\)\. The port/],
    ['PORT', '3000.5', /must be integer/],
    ['DATABASE_URL', 'mysql://root:canary@localhost/router', /must be well-formed\. postgresql:\/\/user/],
    ['HELPCRUNCH_API_URL', 'api.helpcrunch.com', /\(it is "api\.helpcrunch\.com"\)\. .*REST API/],
    ['HELPCRUNCH_API_URL', 'https://api.helpcrunch.com/v1/', /without a slash at the end/],
    ['HELPCRUNCH_API_URL', 'https://api.helpcrunch.com/v1?x=1', /REST API/],
    ['HELPCRUNCH_API_URL', 'http://help crunch/v1', /REST API/],
    ['HELPCRUNCH_API_URL', 'http://127.0.0.1:99999/v1', /REST API/],
    ['HELPCRUNCH_API_KEY', 'canary with spaces', /Public API/],
    ...[',canary', 'canary,,canary', 'canary, ', ' ', ' , '].map((keys) => {
      return ['HELPCRUNCH_SIGNING_KEY', keys, /comma-separated/] as const // a blank one would be known to everybody
    }),
    ['HELPCRUNCH_REQUESTS_PER_MINUTE', '0', /must be >= 2/],
    ['HELPCRUNCH_TIMEOUT_MS', '10s', /must be integer/],
    ['ADMIN_TOKEN', 'canary', /must have at least 16 characters\./],
    ['ADMIN_TOKEN', 'canary-token-with-ümlaut', /openssl rand/],
    ['ROUTER_MODE', 'test', /live: move chats/],
    ['ROLE', 'boss', /worker: decide and apply/],
    ['DEFAULT_DEPARTMENT_ID', 'sales', /must be integer/],
    ['DEFAULT_DEPARTMENT_ID', '0', /must be >= 1/],
    ['LEAVE_ASSIGNED', 'yes', /must be boolean/],
    ['WORKER_CONCURRENCY', '201', /must be <= 200/],
    ['RETENTION_DAYS', '-1', /must be >= 1/],
  ]
  for (const [name, value, said] of malformed) {
    const message = await refusal({ ...NEEDED, [name]: value })
    t.match(message, new RegExp(`^ {2}${name} `, 'm'), name)
    t.match(message, said, `${name}=${value}`)
    t.notMatch(message, /canary|pattern|format|allowed values|NOT/, name)
  }
  const all = await refusal(Object.fromEntries(malformed.map(([name, value]) => [name, value])))
  for (const [name] of malformed) t.match(all, new RegExp(`^ {2}${name} `, 'm'), `${name}, with all the others`)
})

test('empty text is not set', async (t) => {
  t.match(await refusal({ ...NEEDED, ADMIN_TOKEN: '' }), /ADMIN_TOKEN is missing/)
  const empty = Object.fromEntries(Object.keys(Config.properties).map((name) => [name, '']))
  t.strictSame(await readSettings({ ...empty, ...NEEDED }), await readSettings(NEEDED))
})

test('what is not set has its documented default', async (t) => {
  t.strictSame(
    { ...(await readSettings(NEEDED)) },
    {
      ...NEEDED,
      HOST: '127.0.0.1',
      PORT: 3000,
      LOG_LEVEL: 'info',
      DATA_DIR: '.data',
      HELPCRUNCH_API_URL: 'https://api.helpcrunch.com/v1',
      HELPCRUNCH_REQUESTS_PER_MINUTE: 110,
      HELPCRUNCH_TIMEOUT_MS: 10_000,
      ROUTER_MODE: 'live',
      ROLE: 'all',
      PLAN_FIELD: 'plan',
      LEAVE_ASSIGNED: true,
      WORKER_CONCURRENCY: 10,
      RETENTION_DAYS: 90,
      RULES_DIR: 'rules',
    },
  )
})

test('what is set is read as what it means', async (t) => {
  const set = { PORT: '0', LEAVE_ASSIGNED: 'false', DEFAULT_DEPARTMENT_ID: '233048', LOG_LEVEL: 'debug' }
  t.match(await readSettings({ ...NEEDED, ...set, UNHEARD_OF: '1' }), {
    PORT: 0,
    LEAVE_ASSIGNED: false,
    DEFAULT_DEPARTMENT_ID: 233_048,
    UNHEARD_OF: undefined,
  })
  const app = fastify({ logger: { level: 'info' } })
  t.teardown(() => app.close())
  await app.register(config, { env: { ...NEEDED, ...set } })
  t.equal(app.log.level, 'debug')
})

test('.env.example names every setting, its default and what it is, and no secret', async (t) => {
  const example = await readFile(new URL('../../.env.example', import.meta.url), 'utf8')
  t.equal(example, renderExample(), 'it is what the schema says')
})

/** The text of `.env.example`. */
function renderExample(): string {
  const settings = Object.entries(Config.properties).map(([name, schema]) => {
    const given: unknown = Reflect.get(schema, 'default')
    const isNeeded = given === undefined && Config.required.some((required) => required === name)
    return `# ${isNeeded ? 'Needed. ' : ''}${Reflect.get(schema, 'description')}\n${name}=${given ?? ''}\n`
  })
  return `# Copy this to .env. What stays empty is not set; everything but what is needed may be left out.\n\n${settings.join('\n')}`
}

async function assertStartFails(t: Test, env: Record<string, string>, said: RegExp): Promise<void> {
  const { code, stderr } = await runMain(t, env)
  t.equal(code, 1)
  t.match(stderr, said)
  t.notMatch(stderr, /canary|\n\s+at /, 'without a secret, and without a stack')
}

test('a start that cannot go on ends with 1, and says why and which setting it is', async (t) => {
  const { simulator, databaseUrl, url } = await startService(t, { settings: { ROLE: 'web' } })
  const env = { ...settingsFor(simulator, databaseUrl, '.'), ROLE: 'web' }
  const taken = import.meta.filename
  const unreachable = 'postgresql://router:canary@localhost:1/router'
  await Promise.all([
    assertStartFails(t, { ...env, PORT: new URL(url).port }, /^HOST and PORT: .*EADDRINUSE.*127\.0\.0\.1/),
    assertStartFails(t, { ...env, HOST: 'nohost.invalid' }, /^HOST and PORT: .*nohost\.invalid/),
    assertStartFails(
      t,
      { ...env, DATABASE_URL: '', DATA_DIR: taken },
      new RegExp(`^DATA_DIR: The embedded Postgres in ${taken} could not start: EEXIST`),
    ),
    assertStartFails(
      t,
      { ...env, DATABASE_URL: unreachable },
      /^The database of DATABASE_URL cannot be used: .*ECONNREFUSED/,
    ),
    assertStartFails(
      t,
      { ...env, DATABASE_URL: 'postgresql://router:canary#1@localhost:5432/router' },
      /^The database of DATABASE_URL cannot be used: it is no URL of one server: in the password write .* # as %23/,
    ),
  ])
})

test('a .env that cannot be read ends the start with one line', async (t) => {
  const { code, stdout, stderr } = await runMain(t, NEEDED, { dotenvIsFolder: true })
  t.strictSame([code, stdout], [1, ''])
  t.match(stderr, /^\S+\/\.env cannot be read\. It must be a file that the user who runs this may read\.\n$/)
})

test('a signal that comes twice at once, as npm passes on what its child has got already, is one signal', async (t) => {
  const { simulator, databaseUrl } = await startService(t, { settings: { ROLE: 'web' } })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    const meanwhile = async (child: ChildProcess, said: Said) => {
      await said('Server listening')
      child.kill(signal)
      setTimeout(() => child.kill(signal), 50)
    }
    const env = { ...settingsFor(simulator, databaseUrl, '.'), ROLE: 'web' }
    const { code, stdout } = await runMain(t, env, { meanwhile })
    t.equal(code, 0, signal)
    t.notMatch(stdout, /"level":[56]0/, 'nothing went wrong')
  }
})

test('the log says what is running, and that it has stopped', async (t) => {
  const { simulator, databaseUrl } = await startService(t, { rules: [{}, { key: 'vip', status: 'draft' }] })
  const meanwhile = async (child: ChildProcess, said: Said) => {
    await said('service.started')
    child.kill('SIGINT')
  }
  const env = { ...settingsFor(simulator, databaseUrl, '.'), ROLE: 'web', ROUTER_MODE: 'shadow' }
  const { stdout } = await runMain(t, env, { meanwhile })
  const lines = stdout.split('\n').filter((line) => line.includes('"service.'))
  t.match(
    lines.map((line) => JSON.parse(line)),
    [
      {
        ...{ msg: 'service.started', version: /^\d+\.\d+\.\d+$/, mode: 'shadow', role: 'web' },
        ...{ database: 'external', rules: 2, rulesetVersion: 1 },
      },
      { msg: 'service.stopping', signal: 'SIGINT' },
      { msg: 'service.stopped', durationMs: Number },
    ],
  )
})

test('a service whose database does not answer while it stops ends all the same, and says that nothing is lost', async (t) => {
  const { simulator, databaseUrl } = await startService(t, { settings: { ROLE: 'web' } })
  let isFrozen = false
  const frozenUrl = await startPostgresProxy(t, databaseUrl, () => ({ request: () => (isFrozen ? 'swallow' : 'pass') }))
  const meanwhile = async (child: ChildProcess, said: Said) => {
    await said('service.started')
    isFrozen = true
    child.kill('SIGINT')
  }
  const { code, stdout } = await runMain(t, settingsFor(simulator, frozenUrl, '.'), { meanwhile })
  t.equal(code, 1)
  const last = stdout.trimEnd().split('\n').at(-1) ?? ''
  t.match(JSON.parse(last), { level: 50, msg: 'service.not_stopped', problem: /nothing that was acknowledged is lost/ })
})

test('a service that is told to end while it still waits for its database does so at once, with 0', async (t) => {
  const connections: Socket[] = []
  const silent = createServer((socket) => void connections.push(socket)).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  t.teardown(() => {
    for (const connection of connections) connection.destroy()
    silent.close()
  })
  const { port } = silent.address() as AddressInfo
  const env = { ...NEEDED, DATABASE_URL: `postgresql://router@127.0.0.1:${port}/router`, ROLE: 'web' }
  const meanwhile = (child: ChildProcess) => void silent.once('connection', () => child.kill('SIGTERM'))
  t.strictSame(await runMain(t, env, { meanwhile }), { code: 0, stdout: '', stderr: '' })
})

test('a start that the database refuses for want of a password ends, however long the connection stays open', async (t) => {
  const demanding = createServer((socket) => {
    socket
      .on('error', () => {})
      .once('data', () => {
        socket.write(SCRAM_WANTED)
        socket.once('data', () => socket.write(SCRAM_BEGUN))
      })
  })
  demanding.listen(0, '127.0.0.1')
  await once(demanding, 'listening')
  t.teardown(() => demanding.close())
  const { port } = demanding.address() as AddressInfo
  const { code, stderr } = await runMain(t, { ...NEEDED, DATABASE_URL: `postgresql://router@127.0.0.1:${port}/router` })
  t.equal(code, 1)
  t.match(stderr, /cannot be used: .*\. The server asks for a password\.\n$/)
})

/** AuthenticationSASL with one mechanism, and AuthenticationSASLContinue. */
const SCRAM_WANTED = Buffer.from('R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0')
const SCRAM_BEGUN = Buffer.from('R\0\0\0\x0b\0\0\0\x0br=x')
