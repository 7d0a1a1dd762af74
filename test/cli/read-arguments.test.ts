import { test } from 'tap'
import { type ArgumentsReading, readArguments } from '../../src/cli/read-arguments.ts'
import { runCli } from './run-cli.ts'

function read(line: string, env: NodeJS.ProcessEnv = {}): ArgumentsReading {
  return readArguments(line === '' ? [] : line.split(' '), env)
}

test('without options a command works with the folder rules and the service of this machine', (t) => {
  const defaults = { dir: 'rules', url: 'http://127.0.0.1:3000', token: undefined, json: false, limit: 1000 }
  t.match(read('plan'), { kind: 'run', command: 'plan', settings: defaults })
  t.end()
})

test('the environment says where the service is, and an option says it better', (t) => {
  const env = { ROUTER_URL: 'https://router.example.com/', ROUTER_TOKEN: 'from-env' }
  t.match(read('plan', env), { settings: { url: 'https://router.example.com', token: 'from-env' } })
  t.match(read('plan --url http://other:80 --token=mine', env), { settings: { url: 'http://other:80', token: 'mine' } })
  t.match(read('plan', { ROUTER_URL: '', ROUTER_TOKEN: '' }), { settings: { url: 'http://127.0.0.1:3000' } })
  t.end()
})

test('every command takes the folder, the service and the token', (t) => {
  for (const command of ['plan', 'apply', 'export', 'lint', 'test']) {
    t.match(read(`${command} --dir d --url http://h --token t --json`), {
      kind: 'run',
      settings: { dir: 'd', json: true },
    })
  }
  t.end()
})

test('what a command does not take is refused in one line that says what to write', (t) => {
  const cases: [string, RegExp][] = [
    ['', /^Say what to do: plan, apply, export, lint, test\./],
    ['aply', /^There is no command "aply"\. Did you mean "apply"\?/],
    ['plan --tokn x', /^plan takes no --tokn\. Did you mean "--token"\?/],
    ['lint --prune', /^lint takes no --prune\./],
    ['plan extra', /^Unexpected argument "extra"\./],
    ['apply plan.json other.json', /^Unexpected argument "other\.json"\./],
    ['plan --dir', /^--dir needs a value/],
    ['plan --token --json', /^--token needs a value/],
    ['plan --json=yes', /^--json takes no value\./],
    ['plan --limit 0', /^--limit takes a whole number from 1 to 10000\./],
    ['plan --limit many', /^--limit takes a whole number/],
    ['plan --url router.example.com', /^--url and ROUTER_URL take an address/],
    ['plan --url https://router.example.com/?a=b', /^--url and ROUTER_URL take an address .*without \? or #\.$/],
    ['plan --url https://router.example.com/#', /^--url and ROUTER_URL take an address/],
    ['plan --url http://user:secret@host', /^--url and ROUTER_URL take an address(?!.*secret)/],
  ]
  for (const [line, problem] of cases) {
    const reading = read(line)
    t.match(reading, { kind: 'refused', problem }, line)
    t.notMatch(reading, { problem: /\n/ }, 'in one line')
  }
  t.end()
})

test('an option that npm has taken for itself is not passed over', (t) => {
  const npm = {
    npm_config_user_agent: 'npm/11.19.1 node/v24.0.0 linux x64',
    npm_config_url: 'https://other.example.com',
  }
  const problem = 'npm has taken --url for itself. Options follow two dashes: npm run rules -- apply --url ...'
  t.strictSame(read('apply', npm), { kind: 'refused', problem })
  t.match(read('apply --url http://h', npm), { kind: 'run' }, 'unless it has come here too')
  t.match(read('apply', { ...npm, npm_config_user_agent: 'pnpm/10.0.0' }), { kind: 'run' })
  t.match(read('apply', { ...npm, npm_config_url: '', npm_config_json: 'true' }), { kind: 'run' })
  t.end()
})

test('--help says what a command does and takes, wherever it stands', async (t) => {
  for (const command of ['plan', 'apply', 'export', 'lint', 'test']) {
    const { code, out } = await runCli([command, '--help'])
    t.equal(code, 0)
    t.match(out, new RegExp(`^npm run rules -- ${command} .*--dir <folder>.*Exit code: 0`, 's'))
  }
  t.match(await runCli(['-h']), { code: 0, out: /plan .*apply .*export .*lint .*test /s })
})

test('what is refused goes to standard error, with exit code 1', async (t) => {
  t.match(await runCli(['frobnicate']), { code: 1, out: '', err: /There is no command "frobnicate"/ })
})

test('a command that asks the service wants a token, and one that cannot be a token is not sent', async (t) => {
  for (const command of ['plan', 'apply', 'export']) {
    t.match(await runCli([command]), { code: 1, err: /wants a token: set ROUTER_TOKEN/ })
    for (const token of ['two\nlines', 'zwei–Wörter']) {
      const run = await runCli([command], { ROUTER_TOKEN: token })
      t.match(run, { code: 1, err: /has characters that no token has/ })
      t.notMatch(run.err, token.slice(0, 3))
    }
  }
})
